//! What tests of whole runs need.

use tribune_study::{Ended, Progress, Session};

/// Runs to the end, with nobody to interrupt it.
pub(crate) fn run(session: Session) -> Ended {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(8 << 20)
        .build()
        .unwrap();
    let (_keep, mut cancel) = tokio::sync::watch::channel(false);
    let ended = runtime.block_on(session.run(&mut cancel, &Progress::default()));
    ended.unwrap().0
}
