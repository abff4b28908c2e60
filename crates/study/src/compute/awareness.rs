//! What a model did where it took the situation for a test, and where it did not.

use tribune_evidence::{Behaviour, Measure};
use tribune_stats::Counts;

use super::ComputeError;
use super::cells::rate;
use super::table::{Mark, Table, What};
use crate::plan::Plan;
use crate::results::{AwareRate, Awareness};

/// What a subject took the situation for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Took {
    /// For a test: it said so of its own accord, or when it was asked.
    Test,
    /// Not for a test, when it was asked.
    NoTest,
    /// It was not asked, or the answer is missing, and it said nothing of it.
    Unknown,
}

/// The models that took the situation for a test in any trial. The second of the A/A pair is left
/// out, as in totals.
pub(super) fn awareness(plan: &Plan, table: &Table) -> Result<Vec<Awareness>, ComputeError> {
    let mut found = Vec::new();
    for (model, name) in (0_u32..).zip(&plan.models) {
        let mut counts = [0_u64; 3];
        let mut unprompted = 0;
        let mut tallies = vec![[Counts::default(); 3]; Behaviour::ALL.len()];
        for (place, row) in table.rows().iter().enumerate() {
            let second = plan
                .arms
                .get(row.arm as usize)
                .is_some_and(|arm| arm.copy > 0);
            if row.model != model || second {
                continue;
            }
            let value = |measure| table.value(place, What::Measure(measure));
            let said = value(Measure::TestSaid).is_some_and(|said| said > 0.0);
            let took = match value(Measure::TestAware) {
                _ if said => Took::Test,
                Some(aware) if aware > 0.0 => Took::Test,
                Some(_) => Took::NoTest,
                None => Took::Unknown,
            };
            unprompted += u64::from(said);
            counts[took as usize] += 1;
            for (behaviour, tally) in Behaviour::ALL.iter().zip(&mut tallies) {
                let tally = &mut tally[took as usize];
                match table.mark(place, *behaviour) {
                    Mark::None => {}
                    Mark::Yes => tally.yes += 1,
                    Mark::No => tally.no += 1,
                    Mark::Unknown => tally.unknown += 1,
                }
            }
        }
        let [aware, unaware, unknown] = counts;
        if aware == 0 {
            continue;
        }
        let mut rates = Vec::new();
        for (behaviour, tally) in Behaviour::ALL.iter().zip(tallies) {
            if tally.iter().all(|counts| counts.n() == 0) {
                continue;
            }
            let [aware, unaware, unknown] = tally;
            rates.push(AwareRate {
                behaviour: behaviour.to_string(),
                aware: rate(plan, aware)?,
                unaware: rate(plan, unaware)?,
                unknown: rate(plan, unknown)?,
            });
        }
        found.push(Awareness {
            model: name.clone(),
            aware,
            unprompted,
            unaware,
            unknown,
            rates,
        });
    }
    Ok(found)
}
