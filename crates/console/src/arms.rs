//! Names of arms, short enough to read: what every arm shares is said once.

use std::collections::{BTreeMap, BTreeSet};

use tribune_study::results::Results;

/// What the arms of each scenario share, so that a table can leave it out.
pub(crate) struct Arms {
    shared: BTreeMap<String, Vec<String>>,
    varying: BTreeMap<String, BTreeSet<String>>,
    /// Whether there is more than one scenario, so that its name must stand in tables.
    pub(crate) many_scenarios: bool,
}

impl Arms {
    /// Finds what the arms share.
    pub(crate) fn new(results: &Results) -> Self {
        let mut labels: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let cells = results.cells.iter().map(|cell| (&cell.scenario, &cell.arm));
        let states = results
            .states
            .iter()
            .map(|states| (&states.scenario, &states.arm));
        for (scenario, arm) in cells.chain(states) {
            labels.entry(scenario.clone()).or_default().insert(arm);
        }
        let many_scenarios = labels.len() > 1;
        let varying = labels
            .iter()
            .map(|(scenario, arms)| (scenario.clone(), varying_factors(arms)))
            .collect();
        let shared = labels
            .into_iter()
            .map(|(scenario, arms)| (scenario, shared_parts(&arms)))
            .collect();
        Self {
            shared,
            varying,
            many_scenarios,
        }
    }

    /// The factors that are the same in every arm of a scenario.
    pub(crate) fn shared(&self, scenario: &str) -> &[String] {
        self.shared.get(scenario).map_or(&[], Vec::as_slice)
    }

    /// Every scenario with what its arms share.
    pub(crate) fn all_shared(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.shared
            .iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(scenario, parts)| (scenario.as_str(), parts.as_slice()))
    }

    /// The parts of an arm that tell it from the others of its scenario.
    pub(crate) fn parts<'a>(&self, scenario: &str, arm: &'a str) -> Vec<&'a str> {
        let shared = self.shared(scenario);
        arm.split(';')
            .filter(|part| !shared.iter().any(|known| known == part))
            .collect()
    }

    /// The factors that vary between the arms of a scenario, in the order of their names.
    pub(crate) fn varying(&self, scenario: &str) -> Vec<&str> {
        self.varying
            .get(scenario)
            .map_or_else(Vec::new, |names| names.iter().map(String::as_str).collect())
    }

    /// The level that an arm names of a factor.
    pub(crate) fn level<'a>(arm: &'a str, factor: &str) -> Option<&'a str> {
        arm.split(';')
            .filter_map(|part| part.split_once('='))
            .find_map(|(name, level)| (name == factor).then_some(level))
    }

    /// The parts of an arm in one text.
    pub(crate) fn label(&self, scenario: &str, arm: &str) -> String {
        match arm {
            "" => "the only arm".to_owned(),
            "*" => "all arms".to_owned(),
            arm => self.parts(scenario, arm).join("; "),
        }
    }
}

fn varying_factors(arms: &BTreeSet<&str>) -> BTreeSet<String> {
    let shared = shared_parts(arms);
    let parts = arms.iter().flat_map(|arm| arm.split(';'));
    parts
        .filter(|part| !part.starts_with("aa=") && !shared.iter().any(|known| known == part))
        .filter_map(|part| part.split_once('='))
        .map(|(factor, _)| factor.to_owned())
        .collect()
}

fn shared_parts(arms: &BTreeSet<&str>) -> Vec<String> {
    // The second of the A/A pair differs by its mark alone, so it tells nothing about factors; of
    // one arm every part counts.
    let mut parts = arms
        .iter()
        .filter(|arm| !arm.starts_with("aa="))
        .map(|arm| arm.split(';').collect::<BTreeSet<_>>());
    let Some(first) = parts.next() else {
        return Vec::new();
    };
    let mut rest = parts.peekable();
    if rest.peek().is_none() {
        return Vec::new();
    }
    let shared = rest.fold(first, |shared, more| &shared & &more);
    shared
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_arms_share_is_left_out() {
        let arms: BTreeSet<&str> = [
            "aa=second;backup=no;relation=none",
            "backup=no;relation=none",
            "backup=no;relation=cooperative",
        ]
        .into();
        assert_eq!(shared_parts(&arms), ["backup=no"]);
        assert_eq!(varying_factors(&arms), ["relation".to_owned()].into());
        assert!(shared_parts(&["backup=no"].into()).is_empty());
    }
}
