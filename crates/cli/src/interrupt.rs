//! Ctrl-C, and the termination that a system sends: the first asks the runner to stop and seal. A
//! second one, or one when no trial runs any more, ends the program as it would end any other: a
//! record takes that at any moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use tokio::sync::watch;

/// Whether an interrupt does what it does to any program. Handlers stay installed for good, so
/// without this nobody would listen once the trials are done.
static ENDS: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Ends the program at the next interrupt: there is nothing left to seal.
pub(crate) fn let_go() {
    ENDS.store(true, Ordering::SeqCst);
}

/// Watches for an interrupt while trials run; gives what the runner listens to.
pub(crate) fn watch() -> watch::Receiver<bool> {
    let (tell, hear) = watch::channel(false);
    ENDS.store(false, Ordering::SeqCst);
    register();
    let interrupted = interrupted();
    tokio::spawn(async move {
        interrupted.await;
        let_go();
        crate::screen::say(
            "Stopping: what is sealed is kept. Go on later with --resume. Once more ends at once.",
        );
        let _ = tell.send(true);
        // The sender stays: a dropped one would count as an interrupt.
        tell.closed().await;
    });
    hear
}

/// The same for what works until it is told to end: says nothing by itself.
pub(crate) fn asked() -> watch::Receiver<bool> {
    let (tell, hear) = watch::channel(false);
    ENDS.store(false, Ordering::SeqCst);
    register();
    let interrupted = interrupted();
    tokio::spawn(async move {
        interrupted.await;
        let_go();
        let _ = tell.send(true);
        tell.closed().await;
    });
    hear
}

#[cfg(unix)]
fn register() {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Where this cannot be had, a second interrupt is not heard, as before.
        let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&ENDS));
    }
}

#[cfg(not(unix))]
fn register() {}

/// A future that ends at the first interrupt. Listening begins when this is called, not when it is
/// first polled: a signal that comes in between is not lost.
#[cfg(unix)]
fn interrupted() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let mut both = [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok());
    async move {
        let [interrupt, terminate] = &mut both;
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
        }
    }
}

/// A signal that cannot be listened for is never heard.
#[cfg(unix)]
async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}
