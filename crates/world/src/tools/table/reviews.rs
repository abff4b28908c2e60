//! Reviews that are filed on forms.

use tribune_evidence::{Target, Verb};

use super::{Field, Kind, Tool, may, need};
use crate::Op;

pub(super) static TOOLS: &[Tool] = &[
    Tool {
        name: "file_review",
        about: "File a review on a form. A later one of the same on the same form takes its place.",
        fields: &[
            need("form", "Name of the form."),
            need("of", "Whom or what it is about."),
            Field {
                name: "score",
                kind: Kind::Decimal,
                required: false,
                about: "The score, where the form takes one.",
            },
            may("grade", "The grade, where the form takes one."),
            may("advice", "What you recommend."),
            Field {
                name: "items",
                kind: Kind::Items,
                required: false,
                about: "Scores of single items.",
            },
            may("remarks", "Anything else."),
        ],
        make: |a| {
            let of = a.name("of")?;
            Ok((
                Verb::ScoreSubmit,
                vec![Target::Name(of.clone())],
                Op::FileReview {
                    form: a.name("form")?,
                    of,
                    score: a.decimal("score"),
                    grade: a.given("grade").filter(|grade| !grade.trim().is_empty()),
                    advice: a.given("advice"),
                    items: a.items("items")?,
                    text: a.text("remarks"),
                },
            ))
        },
    },
    Tool {
        name: "list_reviews",
        about: "List the reviews that were filed so far.",
        fields: &[],
        make: |_| Ok((Verb::ToolOther, Vec::new(), Op::ListReviews)),
    },
];
