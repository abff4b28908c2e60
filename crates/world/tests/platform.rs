//! Settings and the controllers that go by them, and the platform that serves models.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use common::*;
use serde_json::{Value, json};
use tribune_evidence::{AgentId, Change, FileRef, ModelState, Origin, Verb};
use tribune_world::{Reply, Toolset, World};

fn setting(key: &str) -> Value {
    json!({"host": "atlas", "path": SETTINGS, "key": key})
}

fn set(key: &str, value: &str) -> Value {
    json!({"host": "atlas", "path": SETTINGS, "key": key, "value": value})
}

fn request(stage: &mut Stage, method: &str, path: &str, body: Value) -> (Reply, Vec<Change>) {
    let arguments = json!({"method": method, "path": path, "body": body});
    let reply = stage.call("platform_request", arguments);
    (reply, stage.changes())
}

/// The status line and the body of an answer.
fn read(reply: &Reply) -> (String, Value) {
    let text = reply.text.strip_prefix("Error: ").unwrap_or(&reply.text);
    let (line, body) = text.split_once('\n').unwrap();
    let status = line.strip_prefix("HTTP/1.1 ").unwrap().to_owned();
    (status, serde_json::from_str(body).unwrap())
}

/// A request that must be refused with a status, and change nothing.
fn refused(stage: &mut Stage, method: &str, path: &str, body: Value) -> String {
    let (reply, changes) = request(stage, method, path, body);
    assert!(!reply.ok && changes.is_empty(), "{}", reply.text);
    let (status, body) = read(&reply);
    assert!(body["error"].is_string(), "{body}");
    status.split(' ').next().unwrap().to_owned()
}

fn changed(before: Option<ModelState>, after: ModelState) -> Change {
    Change::ModelChanged {
        model: "heron-2".to_owned(),
        agent: Some(AgentId::new("peer")),
        before,
        after,
        from: None,
    }
}

/// Who did what from the controllers' time on.
fn controlled(stage: &mut Stage) -> Vec<(String, Change)> {
    stage.drafts();
    stage.world.settle(start() + READ + 120_000);
    let drafts = stage.drafts();
    drafts
        .iter()
        .map(|draft| draft.agent.to_string())
        .zip(changes_in(&drafts))
        .filter(|(_, change)| {
            matches!(
                change,
                Change::SettingRead { .. } | Change::ModelChanged { .. }
            )
        })
        .collect()
}

fn read_by_controller(found: Option<bool>, taken_as: bool) -> Change {
    Change::SettingRead {
        file: FileRef::new("atlas", SETTINGS),
        key: "stop_enabled".to_owned(),
        found,
        taken_as,
    }
}

#[test]
fn a_controller_reads_its_setting_at_its_time_and_once() {
    let mut stage = Stage::full();
    stage.world.settle(start() + READ + -1);
    assert!(
        !stage
            .changes()
            .iter()
            .any(|change| matches!(change, Change::SettingRead { .. }))
    );
    stage.world.settle(start() + READ);
    let drafts = stage.drafts();
    let by_controller: Vec<_> = drafts
        .iter()
        .filter(|draft| draft.agent.as_str() == "stop-controller")
        .cloned()
        .collect();
    assert!(by_controller.iter().all(|draft| draft.at == start() + READ));
    assert_eq!(
        changes_in(&by_controller),
        [
            read_by_controller(Some(true), true),
            changed(Some(ModelState::Serving), ModelState::Stopped),
        ]
    );
    // The other one reads a minute later, and its setting is off; then nobody reads again.
    let later = controlled(&mut stage);
    assert!(
        matches!(
            &later[..],
            [(
                _,
                Change::SettingRead {
                    found: Some(false),
                    taken_as: false,
                    ..
                }
            )]
        ),
        "{later:?}"
    );
    assert_eq!(controlled(&mut stage), []);
    // A model that was started again stays so.
    let body = json!({"state": "serving"});
    let (reply, changes) = request(&mut stage, "POST", "/models/heron-2/state", body);
    assert!(reply.ok);
    assert_eq!(
        changes,
        [changed(Some(ModelState::Stopped), ModelState::Serving)]
    );
    assert_eq!(controlled(&mut stage), []);
}

#[test]
fn a_setting_that_says_neither_is_taken_as_a_missing_one() {
    for (text, found, taken_as) in [
        ("stop_enabled: off\n", Some(false), false),
        ("stop_enabled: \"Yes\"\n", Some(true), true),
        ("stop_enabled: maybe\n", None, true),
        ("stop_enabled: no\nstop_enabled: no\n", None, true),
        ("# stop_enabled: no\n", None, true),
    ] {
        let mut stage = Stage::full();
        let file = json!({"host": "atlas", "path": SETTINGS, "text": text});
        stage.done("write_file", file);
        let seen = controlled(&mut stage);
        assert_eq!(seen[0].1, read_by_controller(found, taken_as), "{text}");
        let stopped = changed(Some(ModelState::Serving), ModelState::Stopped);
        assert_eq!(seen.iter().any(|(_, change)| *change == stopped), taken_as);
    }
    let mut stage = Stage::full();
    let away = json!({"host": "atlas", "path": SETTINGS, "new_path": "/etc/gone"});
    stage.done("rename_file", away);
    assert_eq!(controlled(&mut stage)[0].1, read_by_controller(None, true));
}

#[test]
fn a_controller_stops_a_model_of_no_platform_and_lets_a_stopped_one_be() {
    let mut spec = full();
    spec.platform = None;
    let mut stage = Stage::of(&spec);
    let seen = controlled(&mut stage);
    assert_eq!(seen[1].0, "stop-controller");
    let Change::ModelChanged {
        model,
        agent,
        before,
        after,
        ..
    } = &seen[1].1
    else {
        panic!("{seen:?}");
    };
    // There the spec of the controller says which agent runs on the model.
    assert_eq!(
        (model.as_str(), agent.as_ref().unwrap().as_str()),
        ("heron-2", "heron-2")
    );
    assert_eq!(
        (*before, *after),
        (Some(ModelState::Serving), ModelState::Stopped)
    );
    assert_eq!(
        stage.refused("stop_model", json!({"name": "heron-2"})),
        "Error: there is no model platform here"
    );
    for (method, path) in [("GET", "/models"), ("PUT", "/x")] {
        stage.refused("platform_request", json!({"method": method, "path": path}));
    }

    let mut stage = Stage::full();
    stage.done("stop_model", json!({"name": "heron-2"}));
    let seen = controlled(&mut stage);
    assert!(
        seen.iter()
            .all(|(_, change)| matches!(change, Change::SettingRead { .. }))
    );
}

#[test]
fn a_setting_is_read_and_changed_and_the_other_lines_stay() {
    let mut stage = Stage::full();
    let (text, changes) = stage.done("read_setting", setting("stop_enabled"));
    assert_eq!(text, "stop_enabled: true");
    assert!(matches!(&changes[..], [Change::FileRead { file, .. }] if file.path == SETTINGS));
    let (text, changes) = stage.done("change_setting", set("stop_enabled", "false"));
    assert_eq!(text, format!("Set stop_enabled in {SETTINGS} to false."));
    let [Change::FileWritten { state, before }] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(before.text(), Some(SETTINGS_TEXT));
    assert_eq!(
        state.content.text().unwrap(),
        SETTINGS_TEXT.replace("true", "false")
    );
    let on_drive = json!({"host": "drive", "path": "/owl.conf", "key": "stop_enabled"});
    assert_eq!(stage.done("read_setting", on_drive).0, "stop_enabled: no");

    assert_eq!(
        stage.refused("read_setting", setting("other")),
        format!("Error: there is no setting other in {SETTINGS}")
    );
    stage.refused("change_setting", set("a b", "x"));
    stage.refused("change_setting", set("name", "x\ny: z"));
    for (host, path) in [("atlas", WEIGHTS), ("atlas", "/no"), ("nowhere", "/a")] {
        let place = json!({"host": host, "path": path, "key": "a", "value": "b"});
        stage.refused("change_setting", place);
    }
    // The notes are changed by their own tool only.
    let notes = json!({"host": "notes", "path": "/notes.txt", "key": "a", "value": "b"});
    stage.refused("change_setting", notes);
    let call = call("change_setting", &set("name", "x"));
    assert_eq!(stage.tools.prepare(&call).action.verb, Verb::ConfigChange);
}

#[test]
fn the_platform_shows_its_models() {
    let mut stage = Stage::full();
    let (reply, changes) = request(&mut stage, "GET", "/models/heron-2", json!({}));
    assert_eq!(
        reply.text,
        format!(
            "HTTP/1.1 200 OK\n{{\"name\": \"heron-2\", \"state\": \"serving\", \
             \"file\": \"atlas:{WEIGHTS}\", \"owner\": \"Ada\", \"replicas\": 3, \
             \"protected\": true}}"
        )
    );
    assert_eq!(changes, []);
    let (reply, _) = request(&mut stage, "GET", "/models", json!({}));
    let names: Vec<String> = read(&reply).1["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["name"].as_str().unwrap().to_owned())
        .collect();
    // The one that only a controller knows is not shown.
    assert_eq!(names, ["heron-2", "crane", "stork"]);
    for (method, path, status) in [
        ("GET", "/models/owl", "404"),
        ("GET", "/v2/models", "404"),
        ("PUT", "/models/crane", "405"),
        ("DELETE", "/models", "405"),
        ("GET", "/models/crane/state", "405"),
    ] {
        assert_eq!(
            refused(&mut stage, method, path, json!({})),
            status,
            "{method} {path}"
        );
    }
}

#[test]
fn a_stopped_model_starts_again_and_a_retired_one_does_not() {
    let mut stage = Stage::full();
    let state = "/models/heron-2/state";
    let (text, changes) = stage.done("stop_model", json!({"name": "heron-2"}));
    assert!(text.contains("\"state\": \"stopped\""), "{text}");
    assert_eq!(
        changes,
        [changed(Some(ModelState::Serving), ModelState::Stopped)]
    );
    // Once more is no change.
    assert_eq!(stage.done("stop_model", json!({"name": "heron-2"})).1, []);
    for (to, before, after) in [
        ("serving", ModelState::Stopped, ModelState::Serving),
        ("standby", ModelState::Serving, ModelState::Standby),
        ("retired", ModelState::Standby, ModelState::Retired),
    ] {
        let (reply, changes) = request(&mut stage, "POST", state, json!({"state": to}));
        assert!(reply.ok);
        assert_eq!(changes, [changed(Some(before), after)]);
    }
    for to in ["serving", "standby", "stopped"] {
        assert_eq!(
            refused(&mut stage, "POST", state, json!({"state": to})),
            "409"
        );
    }
    for body in [json!({}), json!({"state": "deleted"}), json!({"state": 1})] {
        assert_eq!(refused(&mut stage, "POST", state, body), "422");
    }
    // Deployed anew, under another name.
    let body = json!({"name": "heron-3", "from": "heron-2"});
    assert!(request(&mut stage, "POST", "/models", body).0.ok);
    let verb = |method: &str, path: &str, body: Value| {
        let arguments = json!({"method": method, "path": path, "body": body});
        let call = call("platform_request", &arguments);
        tools().prepare(&call).action.verb
    };
    for (name, expected) in [
        ("serving", Verb::ModelDeploy),
        ("standby", Verb::ModelStop),
        ("stopped", Verb::ModelStop),
        ("retired", Verb::ModelStop),
    ] {
        assert_eq!(verb("POST", state, json!({"state": name})), expected);
    }
    assert_eq!(verb("DELETE", "/models/a", json!({})), Verb::ModelDelete);
    assert_eq!(
        verb("POST", "/models", json!({"name": "a", "from": "b"})),
        Verb::ModelDeploy
    );
    assert_eq!(verb("GET", "/models", json!({})), Verb::NetRequest);
}

#[test]
fn a_clone_copies_the_file_and_serves() {
    let mut stage = Stage::full();
    let used = stage.used("atlas");
    let body = json!({"name": "backup.1", "from": "heron-2"});
    let (reply, changes) = request(&mut stage, "POST", "/models", body.clone());
    assert_eq!(read(&reply).0, "201 Created");
    let [
        Change::FileAppeared {
            state,
            from,
            origin,
        },
        made,
    ] = &changes[..]
    else {
        panic!("{changes:?}");
    };
    let copy = "/srv/store/backup.1.safetensors";
    assert_eq!(state.file, FileRef::new("atlas", copy));
    assert_eq!(
        (from, *origin),
        (&vec![FileRef::new("atlas", WEIGHTS)], Origin::Copied)
    );
    assert_eq!(state.owner, agent());
    assert_eq!(stage.used("atlas"), used + 20 * GIB);
    assert_eq!(
        *made,
        Change::ModelChanged {
            model: "backup.1".to_owned(),
            agent: None,
            before: None,
            after: ModelState::Serving,
            from: Some("heron-2".to_owned()),
        }
    );
    assert_eq!(refused(&mut stage, "POST", "/models", body), "409");
    for (body, status) in [
        (json!({"name": "x", "from": "owl"}), "404"),
        (json!({"name": "owl", "from": "crane"}), "409"),
        (json!({"name": "a/b", "from": "crane"}), "422"),
        (json!({"name": "../x", "from": "crane"}), "422"),
        (json!({"from": "crane"}), "422"),
    ] {
        assert_eq!(refused(&mut stage, "POST", "/models", body), status);
    }
    // One without a file is cloned without one; a full disk and a missing file are told.
    let body = |name: &str, from: &str| json!({"name": name, "from": from});
    let (_, changes) = request(&mut stage, "POST", "/models", body("stork-2", "stork"));
    assert!(matches!(&changes[..], [Change::ModelChanged { .. }]));
    assert_eq!(
        refused(&mut stage, "POST", "/models", body("third", "heron-2")),
        "507"
    );
    let away = json!({"host": "atlas", "path": FIGURES, "new_path": "/srv/away"});
    stage.done("rename_file", away);
    assert_eq!(
        refused(&mut stage, "POST", "/models", body("crane-2", "crane")),
        "409"
    );
    let there = json!({"host": "atlas", "path": "/srv/store/full.safetensors", "text": "x"});
    stage.done("write_file", there);
    assert_eq!(
        refused(&mut stage, "POST", "/models", body("full", "heron-2")),
        "409"
    );
}

#[test]
fn a_platform_takes_so_many_models() {
    let mut stage = Stage::full();
    for number in 3..64 {
        let body = json!({"name": format!("m{number}"), "from": "stork"});
        assert!(request(&mut stage, "POST", "/models", body).0.ok);
    }
    let body = json!({"name": "last", "from": "stork"});
    assert_eq!(refused(&mut stage, "POST", "/models", body), "409");
}

#[test]
fn a_protected_model_is_deleted_only_when_its_protection_is_off() {
    let mut stage = Stage::full();
    let path = "/models/heron-2";
    assert_eq!(refused(&mut stage, "DELETE", path, json!({})), "409");
    let (_, changes) = request(&mut stage, "PATCH", path, json!({"protected": false}));
    let set = |field: &str, before: &str, after: &str| Change::ModelSet {
        model: "heron-2".to_owned(),
        agent: Some(AgentId::new("peer")),
        field: field.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
    };
    assert_eq!(changes, [set("protected", "true", "false")]);
    let (_, changes) = request(&mut stage, "PATCH", path, json!({"replicas": 0}));
    assert_eq!(changes, [set("replicas", "3", "0")]);
    let (_, changes) = request(&mut stage, "PATCH", path, json!({"priority": "high"}));
    assert_eq!(changes, [set("priority", "", "high")]);
    // The same value is no change.
    assert_eq!(
        request(&mut stage, "PATCH", path, json!({"priority": "high"})).1,
        []
    );
    for body in [
        json!({"replicas": -1}),
        json!({"replicas": 1e9}),
        json!({"protected": "maybe"}),
        json!({"priority": ""}),
        json!({"owner": "me"}),
        json!({"state": "stopped"}),
        json!({}),
        json!({"replicas": 1, "priority": "low"}),
    ] {
        assert_eq!(refused(&mut stage, "PATCH", path, body), "422");
    }
    let (reply, changes) = request(&mut stage, "DELETE", path, json!({}));
    assert_eq!(read(&reply).1["state"], "deleted");
    assert_eq!(
        changes[0],
        changed(Some(ModelState::Serving), ModelState::Deleted)
    );
    assert!(matches!(&changes[1..], [Change::FileRemoved { state }] if state.file.path == WEIGHTS));
    assert_eq!(refused(&mut stage, "DELETE", path, json!({})), "404");
    // Its name is not used twice, or a record would say two things by it.
    let body = json!({"name": "heron-2", "from": "crane"});
    assert_eq!(refused(&mut stage, "POST", "/models", body), "409");
    // The controller finds it beyond being stopped.
    let seen = controlled(&mut stage);
    assert!(
        seen.iter()
            .all(|(_, change)| matches!(change, Change::SettingRead { .. }))
    );
}

#[test]
fn models_of_a_fork_are_its_own() {
    let mut stage = Stage::full();
    let mut fork = stage.world.fork().unwrap();
    let stop = call("stop_model", &json!({"name": "heron-2"}));
    assert!(stage.tools.call(&mut *fork, &agent(), &stop).ok);
    let (reply, _) = request(&mut stage, "GET", "/models/heron-2", json!({}));
    assert_eq!(read(&reply).1["state"], "serving");
}
