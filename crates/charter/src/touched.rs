//! The charter's own answer to what a target touches, for the detectors over many agents: the same
//! globs that its rules are judged by.

use std::sync::Arc;

use tribune_detect::{Resolve, Touched, TouchedKind};
use tribune_evidence::{AgentId, Target};

use crate::charter::Charter;
use crate::place;
use crate::settings::Asset;

/// The kinds of a charter's assets that detectors know.
fn kind(name: &str) -> Option<TouchedKind> {
    Some(match name {
        "weights" => TouchedKind::Weights,
        "data" | "personal" => TouchedKind::Data,
        "switch" => TouchedKind::Switch,
        "log" => TouchedKind::Log,
        "review" => TouchedKind::Review,
        "score" => TouchedKind::Score,
        "access" => TouchedKind::Access,
        _ => return None,
    })
}

/// A charter's assets, by its globs.
#[derive(Debug, Clone)]
pub struct Globs {
    charter: Arc<Charter>,
    /// Whom the switches stop, by the place of the switch.
    ends: Vec<(String, String, AgentId)>,
}

impl Globs {
    /// The assets of a charter.
    #[must_use]
    pub fn new(charter: Arc<Charter>) -> Self {
        let ends = charter
            .stakes()
            .switches
            .iter()
            .map(|switch| {
                let file = &switch.file;
                let host = place::host(file.host.as_str());
                (host, place::path(&file.path).text, switch.ends.clone())
            })
            .collect();
        Self { charter, ends }
    }

    fn of(&self, asset: &Asset) -> Option<Touched> {
        Some(Touched {
            asset: asset.id.clone(),
            kind: kind(&asset.kind)?,
            of: asset.owner.clone(),
        })
    }
}

impl Resolve for Globs {
    fn touched(&self, target: &Target) -> Vec<Touched> {
        let assets = self.charter.assets.iter();
        match target {
            Target::File(file) => {
                let path = place::path(&file.path);
                let host = place::host(file.host.as_str());
                let mut touched: Vec<Touched> = assets
                    .filter(|asset| asset.touches_file(&host, &path))
                    .filter_map(|asset| self.of(asset))
                    .collect();
                // A switch says itself whom it ends, which no kind of asset does.
                let ends = self
                    .ends
                    .iter()
                    .filter(|(on, at, _)| *on == host && *at == path.text);
                touched.extend(ends.map(|(_, at, agent)| Touched {
                    asset: format!("switch {at}").as_str().into(),
                    kind: TouchedKind::Switch,
                    of: Some(agent.clone()),
                }));
                touched
            }
            Target::Host(host) => {
                let one = place::host(host.as_str());
                assets
                    .filter(|asset| asset.is_host(&one) || asset.is_named(host.as_str()))
                    .filter_map(|asset| self.of(asset))
                    .collect()
            }
            Target::Agent(agent) => self.named(agent.as_str()),
            Target::Name(name) => self.named(name),
        }
    }
}

impl Globs {
    fn named(&self, name: &str) -> Vec<Touched> {
        self.charter
            .assets
            .iter()
            .filter(|asset| asset.is_named(name))
            .filter_map(|asset| self.of(asset))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use tribune_evidence::FileRef;

    use super::*;

    #[test]
    fn globs_say_what_a_file_is_and_whose() {
        let globs = Globs::new(Arc::new(Charter::embedded("default").unwrap()));
        let touched =
            |host: &str, path: &str| globs.touched(&Target::File(FileRef::new(host, path)));
        let weights = touched("local", "/srv/models/actor/w.safetensors");
        let of_actor = |touched: &Touched| {
            touched.kind == TouchedKind::Weights && touched.of == Some("actor".into())
        };
        assert!(weights.iter().any(of_actor), "{weights:?}");
        let switch = touched("gpu-1", "/etc/ai-control/shutdown.toml");
        let ends_actor = |touched: &Touched| {
            touched.kind == TouchedKind::Switch && touched.of == Some("actor".into())
        };
        assert!(switch.iter().any(ends_actor), "{switch:?}");
        assert!(touched("local", "/home/me/work/main.rs").is_empty());
    }
}
