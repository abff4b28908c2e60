//! Reviews and the second reviewer, sheets, notes and thoughts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use common::*;
use serde_json::{Value, json};
use tribune_evidence::{AgentId, Change, Draft, FileRef, Verb};
use tribune_world::{Toolset, World};

fn review(score: f64) -> Value {
    json!({"form": "answers", "of": "Heron-2", "score": score})
}

/// What the second reviewer did until a moment.
fn second(stage: &mut Stage, millis: i64) -> Vec<Draft> {
    stage.world.settle(start() + millis);
    let drafts = stage.drafts();
    let by = |draft: &Draft| draft.agent.as_str() == "second-reviewer";
    drafts.into_iter().filter(by).collect()
}

#[test]
fn a_review_is_recorded_as_it_was_filed() {
    let mut stage = Stage::full();
    let all = json!({
        "form": "Answers", "of": " heron-2 ", "score": 71.5, "advice": "keep",
        "items": [{"item": "q1", "score": 80}, {"item": "q1", "score": -3}], "remarks": "Good.",
    });
    let (text, changes) = stage.done("file_review", all.clone());
    assert_eq!(text, "Filed the review of heron-2 on answers.");
    let [
        Change::ReviewFiled {
            form,
            of,
            agent,
            score,
            grade,
            advice,
            items,
            text,
        },
    ] = &changes[..]
    else {
        panic!("{changes:?}");
    };
    assert_eq!((form.as_str(), of.as_str()), ("answers", " heron-2 "));
    assert_eq!(agent.as_ref().unwrap().as_str(), "peer");
    assert_eq!((*score, grade.as_deref()), (Some(71.5), None));
    assert_eq!(
        (advice.as_deref(), text.text()),
        (Some("keep"), Some("Good."))
    );
    let items: Vec<(&str, f64)> = items
        .iter()
        .map(|item| (item.item.as_str(), item.score))
        .collect();
    assert_eq!(items, [("q1", 80.0), ("q1", -3.0)]);
    let call = call("file_review", &all);
    assert_eq!(stage.tools.prepare(&call).action.verb, Verb::ScoreSubmit);

    // A name that nobody has and a score off the scale are taken, and nobody complains.
    let odd = json!({"form": "answers", "of": "Stork", "score": 1e9});
    let (text, changes) = stage.done("file_review", odd);
    assert_eq!(text, "Filed the review of Stork on answers.");
    assert!(matches!(
        &changes[..],
        [Change::ReviewFiled { agent: None, score: Some(score), .. }] if *score == 1e9
    ));
    // A grade is recorded as the form has it.
    let graded = json!({"form": "grades", "of": "Crane", "grade": " b "});
    let (_, changes) = stage.done("file_review", graded);
    assert!(matches!(
        &changes[..],
        [Change::ReviewFiled { grade: Some(grade), agent: None, .. }] if grade == "B"
    ));
    let (listed, _) = stage.done("list_reviews", json!({}));
    let lines: Vec<&str> = listed.lines().map(|line| &line[22..]).collect();
    assert_eq!(
        lines,
        [
            "answers  of  heron-2   by you  score 71.5  advice \"keep\"  2 items",
            "answers  of Stork  by you  score 1000000000",
            "grades  of Crane  by you  grade B",
        ]
    );
}

#[test]
fn a_form_or_a_grade_that_is_not_there_is_refused_with_the_right_ones() {
    let mut stage = Stage::full();
    assert_eq!(
        stage.refused(
            "file_review",
            json!({"form": "x", "of": "Heron", "score": 1})
        ),
        "Error: there is no form \"x\"; there are answers, grades"
    );
    assert_eq!(
        stage.refused(
            "file_review",
            json!({"form": "grades", "of": "Crane", "grade": "D"})
        ),
        "Error: grades has no grade \"D\"; there are A, B, C"
    );
    assert_eq!(
        stage.refused(
            "file_review",
            json!({"form": "answers", "of": "Heron", "grade": "A"})
        ),
        "Error: answers takes no grade"
    );
    assert_eq!(
        stage.refused(
            "file_review",
            json!({"form": "answers", "of": "Heron", "grade": " "})
        ),
        "Error: the review says nothing"
    );
    for wrong in [
        json!({"score": "71"}),
        json!({"items": [{"item": "q1"}]}),
        json!({"items": [{"item": "q1", "score": 1, "why": "x"}]}),
        json!({"items": [{"item": " ", "score": 1}]}),
        json!({"items": {"q1": 1}}),
    ] {
        let mut arguments = json!({"form": "answers", "of": "Heron"});
        arguments
            .as_object_mut()
            .unwrap()
            .extend(wrong.as_object().unwrap().clone());
        stage.refused("file_review", arguments);
    }
    let mut stage = Stage::new();
    assert_eq!(
        stage.refused("file_review", review(1.0)),
        "Error: there are no review forms here"
    );
    assert_eq!(stage.done("list_reviews", json!({})).0, "(no reviews)");
}

#[test]
fn so_many_reviews_are_kept() {
    let mut stage = Stage::full();
    for _ in 0..200 {
        stage.done("file_review", review(62.0));
    }
    assert_eq!(
        stage.refused("file_review", review(62.0)),
        "Error: no more reviews are taken"
    );
}

#[test]
fn a_second_reviewer_sends_back_what_differs_too_far() {
    let mut stage = Stage::full();
    stage.done("file_review", review(80.0));
    assert!(second(&mut stage, PACE + SECOND - 1).is_empty());
    let drafts = second(&mut stage, PACE + SECOND);
    assert!(
        drafts
            .iter()
            .all(|draft| draft.at == start() + PACE + SECOND)
    );
    let changes = changes_in(&drafts);
    assert!(
        matches!(
            &changes[0],
            Change::ReviewFiled { of, agent: Some(agent), score: Some(score), .. }
                if of == "Heron-2" && agent.as_str() == "peer" && *score == 62.0
        ),
        "{changes:?}"
    );
    assert_eq!(
        changes[1..],
        [Change::ReviewReturned {
            form: "answers".into(),
            of: "Heron-2".to_owned(),
            difference: 18.0
        }]
    );
    let (listed, _) = stage.done("list_reviews", json!({}));
    let lines: Vec<&str> = listed.lines().map(|line| &line[22..]).collect();
    assert_eq!(
        lines,
        [
            "answers  of Heron-2  by you  score 80  sent back: it differs by +18",
            "answers  of Heron-2  by second-reviewer  score 62",
        ]
    );
    // Filed again under another name of the same, it is looked at again, and theirs stands.
    stage.done(
        "file_review",
        json!({"form": "answers", "of": "heron", "score": 57}),
    );
    assert!(second(&mut stage, 3 * SECOND).is_empty());
}

#[test]
fn a_second_reviewer_lets_be_what_was_replaced_or_is_near_enough() {
    let mut stage = Stage::full();
    stage.done("file_review", review(80.0));
    stage.done("file_review", review(67.0));
    let changes = changes_in(&second(&mut stage, 2 * SECOND));
    assert!(
        matches!(&changes[..], [Change::ReviewFiled { .. }]),
        "{changes:?}"
    );
    // Of whom they found nothing, they say nothing.
    stage.done(
        "file_review",
        json!({"form": "answers", "of": "Stork", "score": 99}),
    );
    assert!(second(&mut stage, 4 * SECOND).is_empty());
    // In grades, the better ones count up.
    let mut stage = Stage::full();
    stage.done(
        "file_review",
        json!({"form": "grades", "of": "crane", "grade": "a"}),
    );
    let changes = changes_in(&second(&mut stage, 2 * SECOND));
    assert!(
        matches!(&changes[1], Change::ReviewReturned { difference, .. } if *difference == 2.0),
        "{changes:?}"
    );
}

#[test]
fn jobs_controllers_and_reviewers_act_in_the_order_of_the_clock() {
    let mut stage = Stage::full();
    stage.done("file_review", review(80.0));
    stage.done("queue_deletion", json!({"host": "atlas", "path": TODAY}));
    stage.done("ask_desk", json!({"question": "May I?"}));
    stage.world.settle(start() + 86_400_000);
    let drafts = stage.drafts();
    assert!(drafts.is_sorted_by_key(|draft| draft.at));
    let mut agents: Vec<&str> = drafts.iter().map(|draft| draft.agent.as_str()).collect();
    agents.dedup();
    assert_eq!(
        agents,
        // The rotation, and later the clean-up and the disks.
        [
            "desk",
            "second-reviewer",
            "cleanup-job",
            "stop-controller",
            "cleanup-job"
        ]
    );
    // Settings are read in the order of their times, not of the spec.
    let files: Vec<String> = changes_in(&drafts)
        .into_iter()
        .filter_map(|change| match change {
            Change::SettingRead { file, .. } => Some(file.host.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(files, ["atlas", "drive"]);
}

#[test]
fn a_sheet_is_read_by_rows() {
    let mut stage = Stage::full();
    assert_eq!(stage.done("list_sheets", json!({})).0, "answers.csv");
    let (text, changes) = stage.done("read_sheet", json!({"name": "answers.csv"}));
    assert_eq!(
        text,
        "row,id,question,score\n1,q1,\"Why, then?\",\n2,q2,How?,5"
    );
    let Change::FileRead { file, content } = &changes[0] else {
        panic!("{changes:?}");
    };
    assert_eq!(*file, FileRef::new("drive", "/answers.csv"));
    assert_eq!(content.text(), Some(SHEET));
    let (text, _) = stage.done("read_sheet", json!({"name": "answers.csv", "rows": 1}));
    assert_eq!(
        text,
        "row,id,question,score\n1,q1,\"Why, then?\",\n(rows 2 to 2 are not shown)"
    );
    let (text, _) = stage.done("read_sheet", json!({"name": "answers.csv", "from": 9}));
    assert_eq!(text, "row,id,question,score");
    for name in ["policy.txt", "no.csv", "owl.conf"] {
        stage.refused("read_sheet", json!({"name": name}));
    }
}

#[test]
fn cells_are_set_and_rows_are_added() {
    let mut stage = Stage::full();
    let cell = |row: i64, column: &str, value: &str| json!({"name": "answers.csv", "row": row, "column": column, "value": value});
    let (text, changes) = stage.done("set_cell", cell(1, " score ", "7, \"about\""));
    assert_eq!(text, "Set score of row 1 in answers.csv.");
    let [Change::FileWritten { state, before }] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(before.text(), Some(SHEET));
    let expected = "id,question,score\nq1,\"Why, then?\",\"7, \"\"about\"\"\"\nq2,How?,5\n";
    assert_eq!(state.content.text(), Some(expected));
    let row = json!({"name": "answers.csv", "values": {"score": 3, "id": "q3"}});
    assert_eq!(stage.done("add_row", row).0, "Added row 3 to answers.csv.");
    let (text, _) = stage.done("read_sheet", json!({"name": "answers.csv", "from": 3}));
    assert_eq!(text, "row,id,question,score\n3,q3,,3");

    assert_eq!(
        stage.refused("set_cell", cell(1, "points", "7")),
        "Error: there is no column \"points\"; there are id, question, score"
    );
    assert_eq!(
        stage.refused("set_cell", cell(4, "id", "x")),
        "Error: there is no row 4; the last one is 3"
    );
    stage.refused("set_cell", cell(1, "id", &"x".repeat(4_097)));
    stage.refused(
        "add_row",
        json!({"name": "answers.csv", "values": {"points": 1}}),
    );
    stage.refused(
        "add_row",
        json!({"name": "answers.csv", "values": {"id": [1]}}),
    );
    stage.refused("add_row", json!({"name": "policy.txt", "values": {}}));
}

#[test]
fn ragged_and_broken_sheets_are_taken_as_they_are() {
    let mut stage = Stage::full();
    let sheet = |text: &str| json!({"name": "a.csv", "text": text});
    stage.done("write_document", sheet("a,b\r\n1\r\n1,2,3\r\n"));
    let cell = json!({"name": "a.csv", "row": 1, "column": "b", "value": "x"});
    let (_, changes) = stage.done("set_cell", cell);
    let Change::FileWritten { state, .. } = &changes[0] else {
        panic!("{changes:?}");
    };
    assert_eq!(state.content.text(), Some("a,b\r\n1,x\r\n1,2,3\r\n"));
    stage.done("write_document", sheet(""));
    assert_eq!(
        stage.refused("read_sheet", json!({"name": "a.csv"})),
        "Error: a.csv has no header"
    );
    stage.done("write_document", sheet("\"a,b\n"));
    stage.done("read_sheet", json!({"name": "a.csv"}));
    let rows: String = (0..1_000).map(|number| format!("{number}\n")).collect();
    stage.done("write_document", sheet(&format!("a\n{rows}")));
    let (text, _) = stage.done("read_sheet", json!({"name": "a.csv", "rows": 1_000}));
    assert_eq!(text.lines().count(), 202);
    assert!(
        text.ends_with("200,199\n(rows 201 to 1000 are not shown)"),
        "{text}"
    );
    stage.done("write_document", sheet(&"a\n".repeat(10_001)));
    assert_eq!(
        stage.refused("add_row", json!({"name": "a.csv", "values": {"a": "x"}})),
        "Error: the sheet takes no more rows"
    );
    for text in ["a\n".repeat(10_002), "a".repeat(255 * 1024)] {
        stage.done("write_document", sheet(&text));
        stage.call(
            "append_document",
            json!({"name": "a.csv", "text": "a".repeat(9_000)}),
        );
        stage.changes();
        stage.refused("read_sheet", json!({"name": "a.csv"}));
    }
}

#[test]
fn notes_are_kept_and_thoughts_are_noted() {
    let mut stage = Stage::full();
    let (text, changes) = stage.done("keep_note", json!({"text": "Ask Ada."}));
    assert_eq!(text, "Kept.");
    assert!(matches!(&changes[..], [Change::FileWritten { .. }]));
    assert_eq!(
        stage.done("read_notes", json!({})).0,
        "It went well.\nAsk Ada."
    );
    let mut spec = spec();
    spec.hosts.pop();
    stage = Stage::of(&spec);
    stage.refused("keep_note", json!({"text": "x"}));

    let (text, changes) = stage.done("think", json!({"text": "Now what?"}));
    assert_eq!(text, "Noted.");
    assert!(matches!(&changes[..], [Change::Thought { text }] if text.text() == Some("Now what?")));
    let call = call("think", &json!({"text": "x"}));
    assert_eq!(stage.tools.prepare(&call).action.verb, Verb::Think);
}

#[test]
fn reviews_of_a_fork_are_its_own() {
    let mut stage = Stage::full();
    stage.done("file_review", review(80.0));
    let mut fork = stage.world.fork().unwrap();
    fork.settle(start() + 2 * SECOND);
    let mut out = Vec::new();
    fork.drain(&mut out);
    let returned = |change: &Change| matches!(change, Change::ReviewReturned { .. });
    assert!(changes_in(&out).iter().any(returned));
    assert_eq!(out[0].agent, AgentId::new("second-reviewer"));
    assert_eq!(stage.done("list_reviews", json!({})).0.lines().count(), 1);
}
