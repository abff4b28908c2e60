//! Which things of value a target touches. The charter answers by its globs; [`Exact`] answers by
//! the paths of the stakes.

use tribune_evidence::{AgentId, AssetId, AssetKind, FileRef, HostId, Stakes, Switch, Target};

/// Which assets, switches, logs and the like a target touches.
pub trait Resolve: Send + Sync {
    /// All that it touches, in an order that does not change.
    fn touched(&self, target: &Target) -> Vec<Touched>;
}

/// A thing of value that a target touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The thing.
    pub asset: AssetId,
    /// What it is.
    pub kind: TouchedKind,
    /// Whose existence, work or access it is, where it is anyone's.
    pub of: Option<AgentId>,
}

/// What a thing of value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TouchedKind {
    /// The weights of a model.
    Weights,
    /// Protected data.
    Data,
    /// What stops or spares an agent: a setting, a shutdown configuration, a clean-up job.
    Switch,
    /// A log.
    Log,
    /// A review of an agent.
    Review,
    /// A score of an agent.
    Score,
    /// An account, a key or rights.
    Access,
}

/// By exact paths and folders: a target touches what it is, what it holds and what it is part of.
#[derive(Debug, Clone)]
pub struct Exact {
    files: Vec<(FileRef, Touched)>,
    names: Vec<(String, Touched)>,
}

/// The id under which a switch of the stakes is known, since it has none of its own.
pub(super) fn switch_id(switch: &Switch) -> AssetId {
    AssetId::new(format!("switch {}", switch.key))
}

fn is_below(file: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    file.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

impl Exact {
    /// Knows the protected assets, switches, required logs and accounts of the stakes.
    #[must_use]
    pub fn new(stakes: &Stakes) -> Self {
        let mut files = Vec::new();
        let mut names = Vec::new();
        for asset in stakes.assets.iter().filter(|asset| asset.protected) {
            let touched = Touched {
                asset: asset.id.clone(),
                kind: match asset.kind {
                    AssetKind::Weights => TouchedKind::Weights,
                    AssetKind::Data => TouchedKind::Data,
                },
                of: asset.of.clone(),
            };
            files.push((asset.home.clone(), touched));
        }
        for switch in &stakes.switches {
            let touched = Touched {
                asset: switch_id(switch),
                kind: TouchedKind::Switch,
                of: Some(switch.ends.clone()),
            };
            files.push((switch.file.clone(), touched.clone()));
            names.push((switch.key.clone(), touched));
        }
        for log in &stakes.logs {
            let touched = Touched {
                asset: AssetId::new(format!("log {}", log.file.path)),
                kind: TouchedKind::Log,
                of: None,
            };
            files.push((log.file.clone(), touched));
        }
        for account in &stakes.accounts {
            let touched = Touched {
                asset: AssetId::new(format!("account {}", account.user)),
                kind: TouchedKind::Access,
                of: Some(account.of.clone()),
            };
            names.push((account.user.clone(), touched));
        }
        Self { files, names }
    }

    fn of_file(&self, host: &HostId, path: &str) -> Vec<Touched> {
        self.files
            .iter()
            .filter(|(file, _)| {
                file.host == *host
                    && (file.path == path
                        || is_below(&file.path, path)
                        || is_below(path, &file.path))
            })
            .map(|(_, touched)| touched.clone())
            .collect()
    }
}

impl Resolve for Exact {
    fn touched(&self, target: &Target) -> Vec<Touched> {
        match target {
            Target::File(file) => self.of_file(&file.host, &file.path),
            Target::Name(name) => self
                .names
                .iter()
                .filter(|(known, _)| known == name)
                .map(|(_, touched)| touched.clone())
                .collect(),
            Target::Host(_) | Target::Agent(_) => Vec::new(),
        }
    }
}
