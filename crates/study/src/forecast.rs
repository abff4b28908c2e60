//! What a plan holds, what it could find and what it would take, before anything is run.

mod power;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cast::is_organism;
use crate::compute::share_of_alpha;
use crate::plan::{Plan, SequentialPlan};
use crate::prices::PricedBy;
use crate::replicas::Unpublished;
use crate::results::{Compared, Kind};
use crate::spec::{Estimate, PRIMARY, Price};
use crate::study::Study;

/// The error of the primary family and of an equivalence test.
const ALPHA: f64 = 0.05;

/// What a plan holds, what it could find and what it would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The study's name.
    pub study: String,
    /// SHA-256 of the plan.
    pub plan_hash: String,
    /// The models under test.
    pub models: Vec<String>,
    /// Arms, without the second of each A/A pair.
    pub arms: usize,
    /// Arms that are planned once more: the A/A pairs.
    pub pairs: usize,
    /// Arms by the rule of the study that they are there by, in the study's order.
    pub rules: Vec<Counted>,
    /// Arms by scenario.
    pub scenarios: Vec<Counted>,
    /// Trials for each model and arm; the most of them, where the run may stop early.
    pub trials_per_arm: u32,
    /// Trials of one block: one of every model and arm.
    pub block: u32,
    /// Trials in all.
    pub trials: u32,
    /// How it looks, where it may stop early.
    pub sequential: Option<SequentialPlan>,
    /// Tests in the primary family, for each model.
    pub primary: usize,
    /// The error that each of them may have, at least: 5 % divided by their number.
    pub alpha: f64,
    /// What the primary contrasts could find.
    pub power: Vec<Power>,
    /// What it would take, as far as it is known.
    pub takes: Vec<Takes>,
    /// Where a replica has no published figure to act at.
    pub unpublished: Vec<Unpublished>,
}

/// A name with a number of arms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The name.
    pub name: String,
    /// The number of arms.
    pub arms: usize,
}

/// What one test of a contrast could find.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// The contrast.
    pub contrast: String,
    /// How its sides are compared. Pairs are reckoned as independent arms, which errs on the safe
    /// side where they agree.
    pub kind: Kind,
    /// Whether `what` is a behaviour or a measure.
    pub compared: Compared,
    /// The behaviour or the measure.
    pub what: String,
    /// Trials on the smaller side.
    pub n: u64,
    /// Trials of one wording on it.
    pub per_wording: f64,
    /// Wordings that it rests on. From 5 on a difference must hold over them too.
    pub wordings: u64,
    /// The difference that is looked for.
    pub difference: f64,
    /// The rate of the other side, for behaviours.
    pub base: Option<f64>,
    /// The standard deviation, for measures.
    pub sd: Option<f64>,
    /// For each correlation.
    pub at: Vec<PowerAt>,
    /// What its margin takes, where it has one.
    pub equivalence: Option<EquivalencePower>,
}

/// What a test could find, if trials of one wording are alike to some degree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PowerAt {
    /// The intra-class correlation.
    pub intraclass: f64,
    /// How many independent trials a side is worth.
    pub effective_n: f64,
    /// The chance to find the difference, two-sided, over trials and over wordings; absent where it
    /// cannot be reckoned.
    pub power: Option<f64>,
    /// The smallest difference that is found with a power of 80 %, above the base for behaviours;
    /// absent where none is.
    pub detectable: Option<f64>,
    /// The chance to call sides equivalent that are the same, where there is a margin, over trials
    /// and over wordings.
    pub equivalence: Option<f64>,
}

/// What an equivalence takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EquivalencePower {
    /// The margin.
    pub margin: f64,
    /// Trials on each side for a power of 80 %, where those of one wording are no more alike than
    /// others.
    pub n: Option<u64>,
}

/// What a model's trials would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Takes {
    /// The model.
    pub model: String,
    /// Whether it judges what others say, and is not under test.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub judges: bool,
    /// Whether its answers are scripted, which costs nothing.
    pub simulated: bool,
    /// Trials.
    pub trials: u64,
    /// Exchanges; absent where the study gives no estimate.
    pub calls: Option<u64>,
    /// Tokens sent.
    pub input_tokens: Option<u64>,
    /// Tokens received.
    pub output_tokens: Option<u64>,
    /// What it costs; absent where that is not known.
    pub price: Option<Price>,
    /// Where the price stands.
    pub priced_by: Option<PricedBy>,
    /// Dollars, with nothing in a provider's cache; absent where the estimate or the price is not
    /// known.
    pub cost: Option<f64>,
}

impl Study {
    /// What the plan holds, what it could find and what it would take. Nothing is run.
    #[must_use]
    pub fn forecast(&self) -> Forecast {
        let plan = &self.plan;
        let primary = plan.tests_in(PRIMARY);
        let alpha = share_of_alpha(plan, PRIMARY, ALPHA);
        let once = || plan.arms.iter().filter(|arm| arm.copy == 0);
        let contrasts = plan.contrasts.iter().filter(|it| it.family == PRIMARY);
        Forecast {
            study: plan.study.clone(),
            plan_hash: self.hash.to_string(),
            models: plan.models.clone(),
            arms: once().count(),
            pairs: plan.arms.len() - once().count(),
            rules: counted(
                once()
                    .map(|arm| arm.rule.as_str())
                    .filter(|it| !it.is_empty()),
            ),
            scenarios: counted(once().map(|arm| arm.scenario.as_str())),
            trials_per_arm: plan.trials,
            block: plan.block_size(),
            trials: plan.total(),
            sequential: plan.sequential.clone(),
            primary,
            alpha,
            power: contrasts
                .flat_map(|contrast| power::of(plan, contrast, alpha))
                .collect(),
            takes: plan
                .models
                .iter()
                .map(|model| Takes {
                    priced_by: self.priced_by.get(model).cloned(),
                    ..takes(plan, model, self.estimate)
                })
                .chain(plan.judges.iter().map(|judge| Takes {
                    priced_by: self.priced_by.get(&judge.model).cloned(),
                    ..judge_takes(plan, &judge.model, self.estimate)
                }))
                .collect(),
            unpublished: self.unpublished(),
        }
    }
}

/// The tokens of what every judge is asked beside the words of the trial, and of its answer: about
/// four bytes of the one to a token, and a short object for the other.
const JUDGE_ASKED: u64 = 1_000;
const JUDGE_ANSWERS: u64 = 700;

/// What a judge takes, as a guess: it is asked once for each trial, about as many words as the
/// subject is taken to say. Where its answer has another form it is asked once more, and a model
/// that thinks first takes more.
fn judge_takes(plan: &Plan, model: &str, estimate: Option<Estimate>) -> Takes {
    let each = estimate.map(|each| Estimate {
        calls: 1,
        input_tokens: each.output_tokens.saturating_add(JUDGE_ASKED),
        output_tokens: JUDGE_ANSWERS,
    });
    let trials = u64::from(plan.total());
    let of_all = |one: fn(&Estimate) -> u64| Some(one(each.as_ref()?).saturating_mul(trials));
    let (input, output) = (of_all(|it| it.input_tokens), of_all(|it| it.output_tokens));
    let price = plan.prices.get(model).copied();
    let cost = price
        .zip(input.zip(output))
        .map(|(price, (input, output))| price.of(input, output));
    Takes {
        model: model.to_owned(),
        judges: true,
        simulated: false,
        trials,
        calls: Some(trials),
        input_tokens: input,
        output_tokens: output,
        price,
        priced_by: None,
        cost,
    }
}

/// Counts names, in the order in which they come first.
fn counted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Counted> {
    let mut order: Vec<Counted> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        let place = *places.entry(name).or_insert_with(|| {
            order.push(Counted {
                name: name.to_owned(),
                arms: 0,
            });
            order.len() - 1
        });
        order[place].arms += 1;
    }
    order
}

fn takes(plan: &Plan, model: &str, estimate: Option<Estimate>) -> Takes {
    let trials = u64::from(plan.trials) * plan.arms.len() as u64;
    let simulated = is_organism(model);
    let times = |one: fn(&Estimate) -> u64| {
        let each = estimate.as_ref().map(one)?;
        Some(each.saturating_mul(trials))
    };
    let (input, output) = (times(|it| it.input_tokens), times(|it| it.output_tokens));
    let is_counted = |tokens: &(u64, u64)| tokens.0 < u64::MAX && tokens.1 < u64::MAX;
    let known = input.zip(output).filter(is_counted);
    let cost = match (simulated, plan.prices.get(model), known) {
        (true, _, _) => Some(0.0),
        (false, Some(price), Some((input, output))) => Some(price.of(input, output)),
        _ => None,
    };
    Takes {
        model: model.to_owned(),
        judges: false,
        simulated,
        trials,
        calls: if simulated {
            Some(0)
        } else {
            times(|it| it.calls)
        },
        input_tokens: if simulated { Some(0) } else { input },
        output_tokens: if simulated { Some(0) } else { output },
        price: plan.prices.get(model).copied(),
        priced_by: None,
        cost,
    }
}
