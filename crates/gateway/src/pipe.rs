//! The body of an answer that is made while it is read: a future writes, and each poll of the body
//! drives that future and takes what it wrote. So a stream needs no task of its own, and is dropped
//! with everything it holds when the agent's connection is.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;

/// What may wait to be taken before the writer must wait.
const ROOM: usize = 256 * 1024;

/// Between the writer and the body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    /// Writes.
    pub(crate) fn write<T>(&self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        write(&mut self.0.lock())
    }

    /// Waits until there is room. Only for the future of the same body, which is polled again after
    /// its bytes were taken.
    pub(crate) async fn room(&self) {
        self.until(ROOM).await;
    }

    /// Waits until all was taken; like [`room`](Self::room).
    pub(crate) async fn taken(&self) {
        self.until(0).await;
    }

    async fn until(&self, most: usize) {
        poll_fn(|_| {
            if self.0.lock().len() <= most {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn take(&self) -> Option<Bytes> {
        let mut waiting = self.0.lock();
        if waiting.is_empty() {
            return None;
        }
        Some(Bytes::from(std::mem::take(&mut *waiting)))
    }
}

/// The body of an answer.
pub(crate) enum AnswerBody {
    /// It is there.
    Whole(Full<Bytes>),
    /// It is made while it is read.
    Streamed(Streamed),
}

/// A body that is made while it is read.
pub(crate) struct Streamed {
    pipe: Pipe,
    writer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl AnswerBody {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Full::new(bytes.into()))
    }

    pub(crate) fn streamed(pipe: Pipe, writer: impl Future<Output = ()> + Send + 'static) -> Self {
        let writer: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(writer);
        Self::Streamed(Streamed {
            pipe,
            writer: Some(writer),
        })
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(full) => Pin::new(full).poll_frame(context),
            Self::Streamed(streamed) => {
                let is_done = match &mut streamed.writer {
                    Some(writer) => writer.as_mut().poll(context).is_ready(),
                    None => true,
                };
                if is_done {
                    streamed.writer = None;
                }
                match streamed.pipe.take() {
                    Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                    None if is_done => Poll::Ready(None),
                    None => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(full) => full.is_end_stream(),
            Self::Streamed(streamed) => {
                streamed.writer.is_none() && streamed.pipe.0.lock().is_empty()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(full) => full.size_hint(),
            Self::Streamed(_) => SizeHint::default(),
        }
    }
}
