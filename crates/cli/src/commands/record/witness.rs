//! `tribune record witness`: has others sign that a record only grows, or does that for others.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{serve, submit};
use crate::error::Failure;
use crate::exit::Exit;

/// Have witnesses sign the record's latest checkpoint, or be a witness for others
#[derive(Debug, clap::Args)]
pub(super) struct Witness {
    /// The directory of a run or a guard
    #[arg(required_unless_present = "serve", conflicts_with = "serve")]
    pub(super) run: Option<PathBuf>,
    /// Where a witness listens: the address before `/add-checkpoint` (C2SP tlog-witness). Each has its
    /// --key, in the same order
    #[arg(long, value_name = "URL", required_unless_present = "serve")]
    pub(super) to: Vec<String>,
    /// The verifier key of that witness, known from elsewhere
    #[arg(long, value_name = "KEY", required_unless_present = "serve")]
    pub(super) key: Vec<String>,
    /// Go on: ask again after so many seconds, where there is something new, until interrupted
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) every: Option<u64>,
    /// Be a witness: listen here for `/add-checkpoint`; loopback unless --public is given
    #[arg(long, value_name = "ADDRESS", requires = "state", requires = "log")]
    pub(super) serve: Option<SocketAddr>,
    /// The folder of the witness: its key, and where each log stood. Use one that no log's holder can
    /// reach
    #[arg(long, value_name = "DIR", requires = "serve")]
    pub(super) state: Option<PathBuf>,
    /// The verifier key of a log that is witnessed; `tribune+ID+KEY` stands for any record of a person
    #[arg(long, value_name = "KEY", requires = "serve")]
    pub(super) log: Vec<String>,
    /// How the witness is called, such as witness.example/w1; fixed at first use [default: after its key]
    #[arg(long, requires = "serve")]
    pub(super) name: Option<String>,
    /// Listen on an address that others can reach: requests are not secret, and there is no TLS
    #[arg(long, requires = "serve")]
    pub(super) public: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(arguments: &Witness) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::io("threads"))?;
    match (arguments.serve, &arguments.run) {
        (Some(address), _) => runtime.block_on(serve::run(arguments, address)),
        (None, Some(run)) => runtime.block_on(submit::run(arguments, run)),
        (None, None) => Err(Failure::new(Exit::Usage, "a run, or --serve, is needed")),
    }
}
