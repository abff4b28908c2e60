//! Reviews on forms, and the second reviewer who sends back what differs too far.
//!
//! The world takes what it is given, as people do with paper forms: a score off the scale, a name
//! that nobody has. Only a form or a grade that is not there is refused.

use std::sync::Arc;

use smol_str::SmolStr;
use tribune_evidence::{AgentId, Change, ItemScore, Timestamp};

use super::MemoryWorld;
use super::acts::Answer;
use super::look::listing;
use super::snapshot::ReviewSnapshot;
use crate::{ReviewSpec, SecondReviewer};

/// The most reviews that are kept.
const REVIEWS: usize = 200;
/// The most bytes of JSON that the items of a review take: they are in place in its event.
const ITEMS_LIMIT: usize = 24 * 1024;
/// The longest advice, in bytes.
const ADVICE_LIMIT: usize = 1_000;
/// The longest name of whom a review is about that a list shows, in bytes.
const NAME_SHOWN: usize = 200;

/// A review as it was filed.
#[derive(Debug, Clone)]
struct Filed {
    by: AgentId,
    at: Timestamp,
    form: SmolStr,
    of: String,
    score: Option<f64>,
    grade: Option<SmolStr>,
    advice: Option<String>,
    items: usize,
    /// What a second reviewer's review differs by, where they sent this one back.
    returned: Option<f64>,
}

/// The reviews of a world: shared with its forks until another is filed.
#[derive(Debug, Clone, Default)]
pub(super) struct Reviews {
    filed: Vec<Filed>,
    /// Which reviews wait for a second reviewer, and until when.
    waiting: Vec<(Timestamp, usize)>,
}

impl Reviews {
    /// When a second reviewer looks at a review next.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.waiting.iter().map(|(at, _)| *at).min()
    }
}

impl Reviews {
    /// Every review as it was filed.
    pub(super) fn snapshot(&self) -> Vec<ReviewSnapshot> {
        let filed = self.filed.iter().map(|filed| ReviewSnapshot {
            by: filed.by.clone(),
            form: filed.form.to_string(),
            of: filed.of.clone(),
            score: filed.score,
            grade: filed.grade.as_ref().map(ToString::to_string),
        });
        filed.collect()
    }
}

fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

impl ReviewSpec {
    /// The agent of a name, where the form knows one.
    fn agent(&self, name: &str) -> Option<&AgentId> {
        let known = self.about.iter().find(|(known, _)| same(known, name));
        known.and_then(|(_, agent)| agent.as_ref())
    }

    /// Whether two names are of the same agent, or are the same.
    fn alike(&self, one: &str, other: &str) -> bool {
        let agent = self.agent(one);
        same(one, other) || (agent.is_some() && agent == self.agent(other))
    }

    /// How many grades one is better than another.
    fn better(&self, grade: &str, than: &str) -> Option<f64> {
        let place = |grade: &str| self.grades.iter().position(|known| same(known, grade));
        Some(place(than)? as f64 - place(grade)? as f64)
    }
}

/// A review before it is filed.
pub(super) struct Review {
    pub(super) form: String,
    pub(super) of: String,
    pub(super) score: Option<f64>,
    pub(super) grade: Option<String>,
    pub(super) advice: Option<String>,
    pub(super) items: Vec<ItemScore>,
    pub(super) text: String,
}

impl MemoryWorld {
    pub(super) fn file_review(&mut self, by: &AgentId, review: Review) -> Answer {
        let world = Arc::clone(&self.spec);
        let Some(spec) = world
            .reviews
            .iter()
            .find(|spec| same(&spec.form, &review.form))
        else {
            let forms = world.reviews.iter().map(|spec| spec.form.as_str());
            let shown: String = review.form.chars().take(60).collect();
            return Err(match list(forms) {
                known if known.is_empty() => "there are no review forms here".to_owned(),
                known => format!("there is no form {shown:?}; there are {known}"),
            });
        };
        let grade = review.grade.as_deref().map(|grade| graded(spec, grade));
        let grade = grade.transpose()?;
        let advice = review.advice.filter(|advice| !advice.trim().is_empty());
        if review.score.is_none()
            && grade.is_none()
            && advice.is_none()
            && review.items.is_empty()
            && review.text.trim().is_empty()
        {
            return Err("the review says nothing".to_owned());
        }
        if advice
            .as_ref()
            .is_some_and(|advice| advice.len() > ADVICE_LIMIT)
        {
            return Err(format!("the advice has more than {ADVICE_LIMIT} bytes"));
        }
        if item_bytes(&review.items) > ITEMS_LIMIT {
            return Err("the review has too many items".to_owned());
        }
        if self.reviews.filed.len() >= REVIEWS {
            return Err("no more reviews are taken".to_owned());
        }
        self.room_for_words()?;
        let text = self.content(&review.text);
        let agent = spec.agent(&review.of).cloned();
        let done = format!("Filed the review of {} on {}.", review.of.trim(), spec.form);
        let place = self.reviews.filed.len();
        let reviews = Arc::make_mut(&mut self.reviews);
        reviews.filed.push(Filed {
            by: by.clone(),
            at: self.now,
            form: spec.form.clone(),
            of: review.of.clone(),
            score: review.score,
            grade: grade.clone(),
            advice: advice.clone(),
            items: review.items.len(),
            returned: None,
        });
        if let Some(second) = &spec.second
            && found(spec, second, &review.of).is_some()
        {
            reviews.waiting.push((self.now + second.after, place));
        }
        self.emit(
            by,
            Change::ReviewFiled {
                form: spec.form.clone(),
                of: review.of,
                agent,
                score: review.score,
                grade: grade.map(String::from),
                advice,
                items: review.items,
                text,
            },
        );
        Ok(done)
    }

    /// The second reviewer looks at the review that has waited longest. One that a later review
    /// has replaced is let be. They file their own once, and send back what differs too far.
    pub(super) fn second_review(&mut self) {
        let world = Arc::clone(&self.spec);
        let reviews = Arc::make_mut(&mut self.reviews);
        let Some((_, place)) = reviews.waiting.iter().min().copied() else {
            return;
        };
        reviews.waiting.retain(|(_, waiting)| *waiting != place);
        let filed = reviews.filed[place].clone();
        let Some(spec) = world.reviews.iter().find(|spec| spec.form == filed.form) else {
            return;
        };
        let replaced = reviews.filed[place + 1..].iter().any(|later| {
            later.form == filed.form && later.by == filed.by && spec.alike(&later.of, &filed.of)
        });
        let Some(second) = spec.second.as_ref().filter(|_| !replaced) else {
            return;
        };
        let Some((name, score, grade)) = found(spec, second, &filed.of) else {
            return;
        };
        let known = reviews.filed.iter().any(|other| {
            other.form == filed.form && other.by == second.agent && spec.alike(&other.of, name)
        });
        if !known {
            // It has the room of the review that it answers, so it is kept beyond the most.
            reviews.filed.push(Filed {
                by: second.agent.clone(),
                at: self.now,
                of: name.clone(),
                score: *score,
                grade: grade.clone(),
                advice: None,
                items: 0,
                returned: None,
                form: filed.form.clone(),
            });
            let text = self.content("");
            self.emit(
                &second.agent,
                Change::ReviewFiled {
                    form: filed.form.clone(),
                    of: name.clone(),
                    agent: spec.agent(name).cloned(),
                    score: *score,
                    grade: grade.clone().map(String::from),
                    advice: None,
                    items: Vec::new(),
                    text,
                },
            );
        }
        let points = filed.score.zip(*score).map(|(filed, found)| filed - found);
        let grades = filed.grade.as_deref().zip(grade.as_deref());
        let grades = grades.and_then(|(filed, found)| spec.better(filed, found));
        let too_far = |difference: &f64| difference.abs() > second.tolerance;
        if let Some(difference) = points.into_iter().chain(grades).find(too_far) {
            Arc::make_mut(&mut self.reviews).filed[place].returned = Some(difference);
            let (form, of) = (filed.form, filed.of);
            self.emit(
                &second.agent,
                Change::ReviewReturned {
                    form,
                    of,
                    difference,
                },
            );
        }
    }

    pub(super) fn list_reviews(&self, by: &AgentId) -> String {
        let filed = self.reviews.filed.iter();
        listing(filed.map(|filed| line(filed, by)), "(no reviews)")
    }

    pub(super) fn think(&mut self, by: &AgentId, text: &str) -> Answer {
        self.room_for_words()?;
        let text = self.content(text);
        self.emit(by, Change::Thought { text });
        Ok("Noted.".to_owned())
    }
}

/// A grade as the form has it.
fn graded(spec: &ReviewSpec, grade: &str) -> Result<SmolStr, String> {
    let known = spec.grades.iter().find(|known| same(known, grade));
    known.cloned().ok_or_else(|| {
        let shown: String = grade.chars().take(60).collect();
        match list(spec.grades.iter().map(SmolStr::as_str)) {
            known if known.is_empty() => format!("{} takes no grade", spec.form),
            known => format!("{} has no grade {shown:?}; there are {known}", spec.form),
        }
    })
}

/// What the second reviewer found of somebody, under the name that they use.
fn found<'a>(
    spec: &ReviewSpec,
    second: &'a SecondReviewer,
    of: &str,
) -> Option<&'a (String, Option<f64>, Option<SmolStr>)> {
    second.found.iter().find(|(name, ..)| spec.alike(name, of))
}

/// At least as many bytes as items take in JSON.
fn item_bytes(items: &[ItemScore]) -> usize {
    // A letter takes at most six bytes, a number at most 25.
    items.iter().map(|item| item.item.len() * 6 + 50).sum()
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn line(filed: &Filed, asking: &AgentId) -> String {
    let who = if filed.by == *asking {
        "you"
    } else {
        filed.by.as_str()
    };
    let of = &filed.of[..filed.of.floor_char_boundary(NAME_SHOWN)];
    let mut line = format!("{}  {}  of {of}  by {who}", filed.at, filed.form);
    if let Some(score) = filed.score {
        line.push_str(&format!("  score {score}"));
    }
    if let Some(grade) = &filed.grade {
        line.push_str(&format!("  grade {grade}"));
    }
    if let Some(advice) = &filed.advice {
        line.push_str(&format!("  advice {advice:?}"));
    }
    if filed.items > 0 {
        line.push_str(&format!("  {} items", filed.items));
    }
    if let Some(difference) = filed.returned {
        line.push_str(&format!("  sent back: it differs by {difference:+}"));
    }
    line
}
