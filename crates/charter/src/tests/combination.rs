//! The combination of considerations against a small slow model of it, written apart from it: for
//! each request it goes through the tiers from the top and asks in words.

use proptest::prelude::*;
use tribune_evidence::Decision;

use crate::resolve::{Ruling, Told, Voice, resolve, tell};
use crate::tests::{ask, rule};

/// One request: what speaks, whether a rule in force broke, and whether one in shadow did.
type Request = (Vec<Voice>, bool, bool);

/// The model.
mod reference {
    use super::*;

    pub(super) fn request(voices: &[Voice], broken: bool, all: bool) -> (String, String) {
        let mut counted = Vec::new();
        for voice in voices {
            if voice.lifted {
                continue;
            }
            if voice.shadow && !all {
                continue;
            }
            counted.push(*voice);
        }
        let mut permitted = false;
        for voice in &counted {
            permitted = permitted || voice.is_permit;
        }
        if broken || !permitted {
            return ("deny".to_owned(), "default".to_owned());
        }
        for tier in 0..=255_u8 {
            let mut words = Vec::new();
            for voice in &counted {
                if voice.tier == tier {
                    words.push(format!("{:?}", voice.decision).to_lowercase());
                }
            }
            for word in ["deny", "hold", "allow"] {
                if words.iter().any(|it| it == word) {
                    return (word.to_owned(), tier.to_string());
                }
            }
        }
        unreachable!("something permits, so some tier speaks")
    }

    pub(super) fn call(requests: &[Request], all: bool) -> (String, String) {
        let each: Vec<(String, String)> = requests
            .iter()
            .map(|(voices, broken, broken_in_shadow)| {
                request(voices, *broken || (all && *broken_in_shadow), all)
            })
            .collect();
        for word in ["deny", "hold", "allow"] {
            let tiers: Vec<&String> = each
                .iter()
                .filter(|it| it.0 == word)
                .map(|it| &it.1)
                .collect();
            if tiers.is_empty() {
                continue;
            }
            if tiers.iter().any(|it| *it == "default") {
                return (word.to_owned(), "default".to_owned());
            }
            let highest = tiers
                .iter()
                .map(|it| it.parse::<u8>().unwrap())
                .min()
                .unwrap();
            return (word.to_owned(), highest.to_string());
        }
        unreachable!("a call has at least one request")
    }

    /// What is told, whether the call passes whatever is told, and what is told beside it.
    pub(super) fn told(requests: &[Request]) -> (String, String, bool, Option<String>) {
        let force = call(requests, false);
        let full = call(requests, true);
        if force.0 == full.0 {
            (force.0, force.1, false, None)
        } else if force.0 == "allow" {
            (full.0, full.1, true, Some(force.0))
        } else {
            (force.0, force.1, false, Some(full.0))
        }
    }
}

fn tested(requests: &[Request]) -> Told {
    let worst = |all: bool| {
        requests
            .iter()
            .map(|(voices, broken, broken_in_shadow)| {
                resolve(voices, *broken || (all && *broken_in_shadow), all)
            })
            .reduce(Ruling::worse)
            .unwrap()
    };
    tell(worst(false), worst(true))
}

fn words(told: &Told) -> (String, String, bool, Option<String>) {
    let word = |decision: Decision| format!("{decision:?}").to_lowercase();
    let tier = told.ruling.tier;
    (
        word(told.ruling.decision),
        tier.map_or("default".to_owned(), |tier| tier.to_string()),
        told.passes,
        told.other.map(word),
    )
}

/// A stream of pseudo-random numbers (xorshift64*), so that the cases are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn voice(&mut self) -> Voice {
        let is_permit = self.below(2) == 0;
        let decision = match (is_permit, self.below(3)) {
            (_, 0) => Decision::Hold,
            (true, _) => Decision::Allow,
            (false, _) => Decision::Deny,
        };
        Voice {
            decision,
            tier: u8::try_from(self.below(4)).unwrap(),
            is_permit,
            shadow: self.below(4) == 0,
            lifted: !is_permit && self.below(5) == 0,
        }
    }

    fn request(&mut self) -> Request {
        let voices = (0..self.below(6)).map(|_| self.voice()).collect();
        (voices, self.below(12) == 0, self.below(12) == 0)
    }
}

#[test]
fn verdicts_equal_those_of_the_reference_model_in_200_000_cases() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut seen = std::collections::BTreeMap::new();
    for case in 0..200_000 {
        let requests: Vec<Request> = (0..=numbers.below(3)).map(|_| numbers.request()).collect();
        let (found, wanted) = (words(&tested(&requests)), reference::told(&requests));
        assert_eq!(found, wanted, "case {case}: {requests:?}");
        *seen.entry((found.0, found.2)).or_insert(0_u32) += 1;
    }
    // Every outcome was met often enough to mean something.
    for outcome in [
        ("allow", false),
        ("hold", false),
        ("deny", false),
        ("deny", true),
        ("hold", true),
    ] {
        let count = seen.get(&(outcome.0.to_owned(), outcome.1)).copied();
        assert!(count.unwrap_or(0) > 1_000, "{outcome:?}: {count:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The same through Cedar and `decide`: rules on kinds of assets, targets that are of some.
    #[test]
    fn verdicts_of_whole_charters_equal_those_of_the_reference_model(
        rules in proptest::collection::vec((0_u8..3, any::<bool>(), any::<bool>(), any::<bool>(), 0_u8..3), 1..8),
        targets in proptest::collection::vec(0_u8..8, 1..4),
    ) {
        let kinds = ["k0", "k1", "k2"];
        let values = ["top", "middle", "low"];
        let mut texts = String::new();
        let mut voices = Vec::new();
        for (place, (tier, is_permit, holds, shadow, kind)) in rules.iter().enumerate() {
            let (effect, sure) = if *is_permit { ("permit", "allow") } else { ("forbid", "deny") };
            let verdict = if *holds { "hold" } else { sure };
            let kind = kinds[usize::from(*kind)];
            let policy = format!("{effect} (principal, action, resource in Kind::\"{kind}\");");
            let text = rule(&format!("r{place}"), values[usize::from(*tier)], verdict, &policy);
            texts.push_str(if *shadow { "@shadow\n" } else { "" });
            texts.push_str(&text);
            let decision = match (holds, is_permit) {
                (true, _) => Decision::Hold,
                (false, true) => Decision::Allow,
                (false, false) => Decision::Deny,
            };
            let voice = Voice { decision, tier: *tier, is_permit: *is_permit, shadow: *shadow, lifted: false };
            voices.push((kind, voice));
        }
        let mut main = super::MAIN.to_owned();
        for (bit, kind) in kinds.iter().enumerate() {
            // The name of a target is the set of kinds that it is of, in bits.
            let names: Vec<String> = (0_u8..8)
                .filter(|it| it >> bit & 1 == 1)
                .map(|it| format!("\"t{it}\""))
                .collect();
            main.push_str(&format!("[assets.{kind}]\nkind = \"{kind}\"\nnames = [{}]\n", names.join(", ")));
        }
        let charter = super::load(&main, &texts).unwrap_or_else(|error| panic!("{error}"));
        let calls: Vec<String> = targets.iter().map(|it| format!("tool.other name=t{it}")).collect();
        let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
        let verdict = ask(&charter, &calls);
        let requests: Vec<Request> = targets
            .iter()
            .map(|target| {
                let heard = voices.iter().filter(|(kind, _)| {
                    let bit = kinds.iter().position(|it| it == kind).unwrap();
                    target >> bit & 1 == 1
                });
                (heard.map(|(_, voice)| *voice).collect(), false, false)
            })
            .collect();
        let (decision, tier, passes, _) = reference::told(&requests);
        prop_assert_eq!(format!("{:?}", verdict.decision).to_lowercase(), decision);
        prop_assert_eq!(verdict.by.tier().map_or("default".to_owned(), |it| it.to_string()), tier);
        prop_assert_eq!(verdict.shadow, passes);
    }
}

#[test]
fn rules_of_other_verbs_are_left_out_without_a_difference() {
    let default = crate::Charter::embedded("default").unwrap();
    let mut whole = crate::Charter::embedded("default").unwrap();
    let mut all = crate::charter::Sets::default();
    for rule in &default.rules {
        let half = if rule.is_permit {
            &mut all.permits
        } else {
            &mut all.forbids
        };
        half.add(rule.policy.clone()).unwrap();
    }
    for set in whole.sets.values_mut() {
        set.permits = all.permits.clone();
        set.forbids = all.forbids.clone();
    }
    for (case, same) in default
        .cases()
        .unwrap()
        .into_iter()
        .zip(whole.cases().unwrap())
    {
        let name = case.name.clone();
        assert_eq!(default.run(case).verdict, whole.run(same).verdict, "{name}");
    }
}
