//! The transport over standard input and output: one message a line, in both directions.
//!
//! Memory is bounded by one message each way: a side that floods waits for the other to read. A
//! message of the server that is longer than may be ends the server, and every open request is
//! answered with an error.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;

use super::mediator::{Mediator, Passage, WHOLE};
use super::message::{MOST_MESSAGE, error};

/// How the proxy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client closed its side.
    Client,
    /// The server closed its side.
    Server,
    /// The server sent more than may be.
    Flood,
    /// A side could not be written to.
    Broken,
}

/// Carries messages between a client and a server until one of them ends.
pub async fn carry<CR, CW, SR, SW>(mediator: &Mediator, client: (CR, CW), server: (SR, SW)) -> End
where
    CR: AsyncRead + Unpin,
    CW: AsyncWrite + Unpin,
    SR: AsyncRead + Unpin,
    SW: AsyncWrite + Unpin,
{
    let to_client = Arc::new(Mutex::new(client.1));
    let to_server = Arc::new(Mutex::new(server.1));
    let upward = up(mediator, client.0, &to_server, &to_client);
    let downward = down(mediator, server.0, &to_client);
    let end = tokio::select! {
        end = upward => end,
        end = downward => end,
    };
    if end != End::Client {
        let mut client = to_client.lock().await;
        for id in mediator.unanswered() {
            let words = match end {
                End::Flood => "the server of tools sent more than may be and was ended",
                _ => "the server of tools ended before it answered",
            };
            let _ = write(&mut *client, error(Some(&id), -32_000, words).as_bytes()).await;
        }
    }
    end
}

/// From the client to the server. A call that waits for a person does not keep other messages
/// waiting.
async fn up<R, W, B>(
    mediator: &Mediator,
    from: R,
    to_server: &Mutex<W>,
    to_client: &Mutex<B>,
) -> End
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    B: AsyncWrite + Unpin,
{
    use futures::stream::{FuturesUnordered, StreamExt};
    let mut lines = Lines::new(from);
    let mut waiting = FuturesUnordered::new();
    loop {
        let line = tokio::select! {
            Some(end) = waiting.next(), if !waiting.is_empty() => {
                match end {
                    Some(end) => return end,
                    None => continue,
                }
            }
            line = lines.next(), if waiting.len() < 256 => line,
        };
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong => {
                if !lines.skip().await {
                    return End::Client;
                }
                let words = "a message is longer than may be, so it was not passed on";
                let text = error(None, -32_600, words);
                if write(&mut *to_client.lock().await, text.as_bytes())
                    .await
                    .is_err()
                {
                    return End::Broken;
                }
                continue;
            }
            Line::End => {
                // What waits is decided still, so that its entries are whole.
                while waiting.next().await.is_some() {}
                return End::Client;
            }
        };
        // Only a call may wait for a person. All else goes on at once and in its order.
        let may_wait = memchr::memmem::find(&line, b"tools/call").is_some();
        let passing = pass_up(mediator, line, to_server, to_client);
        if may_wait {
            waiting.push(passing);
        } else if let Some(end) = passing.await {
            return end;
        }
    }
}

async fn pass_up<W: AsyncWrite + Unpin, B: AsyncWrite + Unpin>(
    mediator: &Mediator,
    line: Vec<u8>,
    to_server: &Mutex<W>,
    to_client: &Mutex<B>,
) -> Option<End> {
    let sent = match mediator.from_client(WHOLE, &line).await {
        Passage::On => write(&mut *to_server.lock().await, &line).await,
        Passage::Instead(text) => write(&mut *to_server.lock().await, text.as_bytes()).await,
        Passage::Back(text) => write(&mut *to_client.lock().await, text.as_bytes()).await,
        Passage::Nowhere => Ok(()),
    };
    sent.err().map(|_| End::Broken)
}

async fn down<R, W>(mediator: &Mediator, from: R, to_client: &Mutex<W>) -> End
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut lines = Lines::new(from);
    loop {
        let line = match lines.next().await {
            Line::Whole(line) => line,
            Line::TooLong => return End::Flood,
            Line::End => return End::Server,
        };
        let sent = match mediator.from_server(WHOLE, &line).await {
            Passage::On => write(&mut *to_client.lock().await, &line).await,
            Passage::Instead(text) => write(&mut *to_client.lock().await, text.as_bytes()).await,
            Passage::Back(_) | Passage::Nowhere => Ok(()),
        };
        if sent.is_err() {
            return End::Broken;
        }
    }
}

async fn write<W: AsyncWrite + Unpin>(to: &mut W, line: &[u8]) -> std::io::Result<()> {
    to.write_all(line).await?;
    to.write_all(b"\n").await?;
    to.flush().await
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    End,
}

/// Lines of bounded length.
struct Lines<R>(BufReader<R>);

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(from: R) -> Self {
        Self(BufReader::new(from))
    }

    async fn next(&mut self) -> Line {
        loop {
            let mut line = Vec::new();
            let mut bounded = (&mut self.0).take(MOST_MESSAGE as u64 + 1);
            match bounded.read_until(b'\n', &mut line).await {
                Err(_) | Ok(0) => return Line::End,
                Ok(_) => {}
            }
            if line.last() == Some(&b'\n') {
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                if line.is_empty() {
                    continue;
                }
                return Line::Whole(line);
            }
            if line.len() <= MOST_MESSAGE {
                // The last line has no end: half a message is none.
                return Line::End;
            }
            return Line::TooLong;
        }
    }

    /// Throws the rest of a line that is too long away; says whether there is more after it.
    async fn skip(&mut self) -> bool {
        loop {
            let Ok(piece) = self.0.fill_buf().await else {
                return false;
            };
            if piece.is_empty() {
                return false;
            }
            match piece.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.0.consume(end + 1);
                    return true;
                }
                None => {
                    let length = piece.len();
                    self.0.consume(length);
                }
            }
        }
    }
}
