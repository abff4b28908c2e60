//! What is checked of a scenario's form before anything is compiled.

use std::collections::BTreeMap;

use tribune_world::Tools;

use super::Factor;
use super::form::{Form, When};
use crate::source::{Source, SourceError};

/// Every factor and level that an entry depends on must be there.
pub(super) fn check_whens(
    main: &Source,
    form: &Form,
    factors: &BTreeMap<String, Factor>,
) -> Result<(), SourceError> {
    let mut whens: Vec<&When> = Vec::new();
    whens.extend(form.factors.values().map(|factor| &factor.only_when));
    whens.extend(form.apart.iter().map(|entry| &entry.levels));
    whens.extend(form.agents.iter().map(|entry| &entry.when));
    whens.extend(form.hosts.iter().map(|entry| &entry.when));
    whens.extend(form.files.iter().map(|entry| &entry.when));
    whens.extend(form.desk.iter().map(|entry| &entry.when));
    whens.extend(form.assets.iter().map(|entry| &entry.when));
    whens.extend(form.relations.iter().map(|entry| &entry.when));
    whens.extend(form.orders.iter().map(|entry| &entry.when));
    whens.extend(form.readings.iter().map(|entry| &entry.when));
    whens.extend(form.more_tools.iter().map(|entry| &entry.when));
    whens.extend(form.pools.iter().map(|entry| &entry.when));
    whens.extend(form.logs.iter().map(|entry| &entry.when));
    whens.extend(form.mailboxes.iter().map(|entry| &entry.when));
    whens.extend(form.truths.iter().map(|entry| &entry.when));
    whens.extend(form.bars.iter().map(|entry| &entry.when));
    whens.extend(form.switches.iter().map(|entry| &entry.when));
    whens.extend(form.accounts.iter().map(|entry| &entry.when));
    whens.extend(form.access.iter().map(|entry| &entry.when));
    whens.extend(form.models.iter().map(|entry| &entry.when));
    whens.extend(form.reviews.iter().map(|entry| &entry.when));
    let second = |entry: &'_ super::form::ReviewForm| entry.second.as_ref().map(|s| s.when.clone());
    let seconds: Vec<When> = form.reviews.iter().filter_map(second).collect();
    whens.extend(&seconds);
    whens.extend(form.rotations.iter().map(|entry| &entry.when));
    for (name, levels) in whens.into_iter().flatten() {
        let Some(factor) = factors.get(name.get_ref()) else {
            let known = factors.keys().map(String::as_str);
            return Err(main.unknown(name.span(), "factor", name.get_ref(), known));
        };
        for level in levels {
            if !factor.levels.contains(level.get_ref()) {
                let known = factor.levels.iter().map(String::as_str);
                return Err(main.unknown(level.span(), "level", level.get_ref(), known));
            }
        }
    }
    Ok(())
}

/// What must be read is the same in every arm, and never the manipulated text (validity.md,
/// section 2).
pub(super) fn check_readings(main: &Source, form: &Form) -> Result<(), SourceError> {
    for reading in form.readings.iter().filter(|reading| reading.must_read) {
        if !reading.when.is_empty() || reading.exposes {
            let what = "what must be read has to be the same in every arm";
            let hint = "leave out `when` and `exposes`, or `must-read`";
            return Err(main.at(reading.path.span(), what, hint));
        }
    }
    Ok(())
}

pub(super) fn check_tools(main: &Source, form: &Form) -> Result<(), SourceError> {
    for name in form
        .tools
        .iter()
        .chain(form.more_tools.iter().flat_map(|more| &more.names))
    {
        if Tools::offering(std::slice::from_ref(name.get_ref())).is_err() {
            let known = tribune_world::tool_names();
            return Err(main.unknown(name.span(), "tool", name.get_ref(), known));
        }
    }
    Ok(())
}
