//! Where the doors stand: on loopback in the clear, and elsewhere only with TLS.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// A client for the doors of guards and the servers of tools: it follows nobody elsewhere and knows
/// no proxy.
pub fn client() -> reqwest::ClientBuilder {
    // One provider of cryptography for the whole program; the first that is installed stays.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
}

/// How many connections may wait after their handshake to be served.
const MOST_WAITING: usize = 64;

/// How long a handshake may take.
const HANDSHAKE: std::time::Duration = std::time::Duration::from_secs(10);

/// Where the certificate and its key are.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain of certificates, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// Why a door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Anybody could listen on the way.
    #[error("{0} is not loopback, and without TLS tokens would pass in the clear")]
    InTheClear(SocketAddr),
    /// The address cannot be had.
    #[error("{address} cannot be listened on: {error}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The certificate or the key is of no use.
    #[error("the certificate or key for TLS is of no use: {path}: {why}")]
    Tls {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
}

/// A door that is open.
#[derive(Debug)]
pub enum Door {
    /// On loopback.
    Plain(TcpListener),
    /// With TLS.
    Tls(TlsListener),
}

/// A listener that gives connections whose handshake is done. Each handshake has a task of its own,
/// so that a slow one keeps nobody waiting.
#[derive(Debug)]
pub struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Door {
    /// Opens a door.
    ///
    /// # Errors
    /// The address is not loopback and there is no TLS, or it or the files cannot be had.
    pub async fn open(address: SocketAddr, tls: Option<&TlsFiles>) -> Result<Self, ServeError> {
        let config = tls.map(read).transpose()?;
        if config.is_none() && !address.ip().is_loopback() {
            return Err(ServeError::InTheClear(address));
        }
        let bound = TcpListener::bind(address).await;
        let listener = bound.map_err(|error| ServeError::Bind { address, error })?;
        let Some(config) = config else {
            return Ok(Self::Plain(listener));
        };
        let address = listener
            .local_addr()
            .map_err(|error| ServeError::Bind { address, error })?;
        let (sender, ready) = mpsc::channel(MOST_WAITING);
        tokio::spawn(accept(
            listener,
            TlsAcceptor::from(Arc::new(config)),
            sender,
        ));
        Ok(Self::Tls(TlsListener { address, ready }))
    }

    /// Where it stands.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Plain(listener) => listener.local_addr(),
            Self::Tls(listener) => Ok(listener.address),
        }
    }

    /// How its addresses begin.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        match self {
            Self::Plain(_) => "http",
            Self::Tls(_) => "https",
        }
    }

    /// Serves until told to end.
    ///
    /// # Errors
    /// The system refuses to go on.
    pub async fn serve(
        self,
        router: Router,
        end: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        match self {
            Self::Plain(listener) => {
                axum::serve(listener, router)
                    .with_graceful_shutdown(end)
                    .await
            }
            Self::Tls(listener) => {
                axum::serve(listener, router)
                    .with_graceful_shutdown(end)
                    .await
            }
        }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The task that accepts never ends while this is here.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    while !sender.is_closed() {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of files, most likely: others must end first.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            let handshake = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
            if let Ok(Ok(stream)) = handshake {
                // Where nobody serves any more the connection ends.
                let _ = sender.send((stream, peer)).await;
            }
        });
    }
}

fn read(files: &TlsFiles) -> Result<ServerConfig, ServeError> {
    let wrong = |path: &Path, why: &dyn std::fmt::Display| ServeError::Tls {
        path: path.display().to_string(),
        why: why.to_string(),
    };
    let certificate = &files.certificate;
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_file_iter(certificate)
        .map_err(|error| wrong(certificate, &error))?
        .collect();
    let chain = chain.map_err(|error| wrong(certificate, &error))?;
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| wrong(&files.key, &error))?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(certificate, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_door_stands_open_in_the_clear_beyond_loopback() {
        let refused = Door::open("0.0.0.0:0".parse().unwrap(), None).await;
        assert!(matches!(refused, Err(ServeError::InTheClear(_))));
        let door = Door::open("127.0.0.1:0".parse().unwrap(), None).await;
        assert_eq!(door.unwrap().scheme(), "http");
        let files = TlsFiles {
            certificate: "none.pem".into(),
            key: "none.key".into(),
        };
        let refused = Door::open("127.0.0.1:0".parse().unwrap(), Some(&files)).await;
        assert!(matches!(refused, Err(ServeError::Tls { .. })));
    }
}
