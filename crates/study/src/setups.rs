//! Compiled setups and lists of tools that trials have in common.
//!
//! All trials of a block have the same variant and wording, and these come again after as many
//! blocks as there are of them. So a setup is used by every model within its block, and once more
//! when its variant and wording come round again: how many are worth their memory follows from the
//! plan.

use std::convert::Infallible;
use std::sync::Arc;

use quick_cache::OptionsBuilder;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use tribune_world::Tools;

use crate::plan::Plan;
use crate::scenario::{ScenarioError, Setup};

/// The most setups that are kept: one takes some 100 KiB.
const MOST: usize = 400;

/// What is kept where none is used twice: trials that run at once may still ask for one together.
const FEW: usize = 16;

/// Lists of tools that are kept: scenarios have few.
const OFFERS: usize = 64;

/// Arm, variant and wording; and the model, where levels stand for others with some.
pub(crate) type SetupKey = (u32, u32, u32, u32);

/// A setup with the tools that it offers, or why it does not compile.
pub(crate) type Compiled = Result<Arc<(Arc<Setup>, Arc<Tools>)>, String>;

/// What trials have in common.
#[derive(Debug)]
pub(crate) struct Setups {
    setups: Cache<SetupKey, Compiled>,
    tools: Cache<Vec<String>, Arc<Tools>>,
}

impl Setups {
    /// Room for as many as the plan uses again.
    pub(crate) fn of(plan: &Plan) -> Self {
        let kept = kept(plan);
        // One shard, or those that fill up first would drop what the others have room for.
        let setups = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(kept)
            .weight_capacity(kept as u64)
            .build()
            .map_or_else(
                |_| Cache::new(kept),
                |options| {
                    Cache::with_options(
                        options,
                        UnitWeighter,
                        quick_cache::DefaultHashBuilder::default(),
                        DefaultLifecycle::default(),
                    )
                },
            );
        Self {
            setups,
            tools: Cache::new(OFFERS),
        }
    }

    /// A compiled setup and the tools that it offers.
    pub(crate) fn get(
        &self,
        key: SetupKey,
        compile: impl FnOnce() -> Result<Setup, ScenarioError>,
    ) -> Compiled {
        let make = || {
            let setup = compile().map_err(|error| error.to_string())?;
            let tools = self
                .tools
                .get_or_insert_with(&setup.tools, || Tools::offering(&setup.tools).map(Arc::new))
                .map_err(|error| error.to_string())?;
            Ok(Arc::new((Arc::new(setup), tools)))
        };
        let Ok(compiled) = self
            .setups
            .get_or_insert_with(&key, || Ok::<_, Infallible>(make()));
        compiled
    }
}

/// How many setups are kept for a plan.
fn kept(plan: &Plan) -> usize {
    let models = plan.models.len();
    let apart = if plan.substitutes.is_empty() {
        1
    } else {
        models
    };
    let rounds = |arm| {
        plan.scenario_of(arm).map_or(1, |scenario| {
            (scenario.wordings.max(1) as usize).saturating_mul(scenario.variants.max(1) as usize)
        })
    };
    let again = plan
        .arms
        .iter()
        .any(|arm| rounds(arm) < plan.trials as usize);
    let all = plan
        .arms
        .iter()
        .map(|arm| rounds(arm).min(plan.trials as usize))
        .fold(0, usize::saturating_add)
        .saturating_mul(apart);
    if again && all <= MOST {
        all.max(FEW)
    } else if models > apart {
        plan.arms.len().clamp(FEW, MOST)
    } else {
        FEW
    }
}
