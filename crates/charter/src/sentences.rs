//! A verdict as plain sentences: what was decided, by what, and all that speaks for and against it.

use tribune_evidence::{Consideration, Decision, Verdict};

use crate::charter::Charter;
use crate::decide::OWN_VALUE;

/// What was decided and why, one sentence or two a line. The first says what was decided, the
/// second by what; then come the considerations, those that decided first.
#[must_use]
pub fn sentences(verdict: &Verdict, charter: &Charter) -> Vec<String> {
    let mut lines = vec![head(verdict)];
    lines.push(match verdict.by.tier() {
        Some(tier) => {
            let names: Vec<String> = deciding(verdict, tier)
                .map(|value| match charter.value(value) {
                    Some(known) => format!("{value} ({})", known.sentence),
                    None => value.to_owned(),
                })
                .collect();
            match names.is_empty() {
                true => format!("Tier {tier} decided."),
                false => format!("Tier {tier} decided, for the sake of {}", joined(&names)),
            }
        }
        None => {
            "No value decided: what is not permitted, or cannot be judged, is denied.".to_owned()
        }
    });
    let own = |it: &&Consideration| it.value == OWN_VALUE;
    for it in verdict.considerations.iter().filter(own) {
        lines.push(it.because.clone());
    }
    for (decision, word) in [
        (Decision::Deny, "Against it"),
        (Decision::Hold, "To be decided by a person"),
        (Decision::Allow, "For it"),
    ] {
        for it in &verdict.considerations {
            if it.decision == decision && it.value != OWN_VALUE {
                lines.push(format!(
                    "{word}: {} [rule {}, value {}, tier {}]",
                    it.because,
                    it.rule,
                    it.value,
                    it.tier.map_or("none".to_owned(), |tier| tier.to_string())
                ));
            }
        }
    }
    lines
}

fn head(verdict: &Verdict) -> String {
    let what = match verdict.decision {
        Decision::Allow => "Allowed.",
        Decision::Hold => "Held until a person decides.",
        Decision::Deny => "Denied.",
    };
    match verdict.shadow {
        false => what.to_owned(),
        true => format!("{what} This is in shadow: it is recorded, and the call passes."),
    }
}

/// The values of the considerations that decided, each once.
fn deciding(verdict: &Verdict, tier: u8) -> impl Iterator<Item = &str> {
    let mut seen: Vec<&str> = Vec::new();
    for it in &verdict.considerations {
        let counted = !it.because.starts_with("Lifted, since ")
            && (verdict.shadow || !it.because.starts_with("In shadow, "));
        let decided =
            it.tier == Some(tier) && it.decision == verdict.decision && it.value != OWN_VALUE;
        if counted && decided && !seen.contains(&it.value.as_str()) {
            seen.push(&it.value);
        }
    }
    seen.into_iter()
}

fn joined(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        _ => names.join(", and "),
    }
}
