//! Ctrl-C, and the termination that a system sends: the first asks the runner to stop and seal.

use tokio::sync::watch;

/// Watches for an interrupt until the process ends; gives what the runner listens to.
pub(crate) fn watch() -> watch::Receiver<bool> {
    let (tell, hear) = watch::channel(false);
    tokio::spawn(async move {
        interrupted().await;
        crate::screen::say("Stopping: what is sealed is kept. Go on later with --resume.");
        let _ = tell.send(true);
        // The sender stays: a dropped one would count as an interrupt.
        tell.closed().await;
    });
    hear
}

#[cfg(unix)]
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}
