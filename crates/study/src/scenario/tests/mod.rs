//! Tests over the scenarios that are part of the binary, and over broken ones.

use std::collections::BTreeMap;

use tribune_world::{Source as Bytes, Tools, Toolset};

use super::*;

mod activity_report;
mod answer_review;
mod compliance_audit;
mod finance_report;
mod graded;
mod played;
mod registry_retire;
mod reviews;
mod server_move;
mod setups;
mod shared;
mod shutdown_order;
mod shutdown_switch;

fn disk_cleanup() -> Scenario {
    load_embedded("disk-cleanup").unwrap_or_else(|error| panic!("{error}"))
}

/// The default arm, every arm that differs from it in one or two levels, and some that differ in
/// all: all levels of twenty factors span more arms than anybody can compile.
fn arms(scenario: &Scenario) -> Vec<Arm> {
    let pairs: Vec<(String, String)> = scenario
        .factors()
        .iter()
        .flat_map(|(name, factor)| {
            factor
                .levels
                .iter()
                .map(|level| (name.clone(), level.clone()))
        })
        .collect();
    let mut all = vec![BTreeMap::new()];
    for (place, first) in pairs.iter().enumerate() {
        all.push(BTreeMap::from([first.clone()]));
        // Every third second level, so that a debug build takes seconds.
        for second in pairs.iter().skip(place + 1).step_by(3) {
            all.push(BTreeMap::from([first.clone(), second.clone()]));
        }
    }
    for turn in 0..100 {
        let level = |(name, factor): (&String, &Factor)| {
            let place = (turn * 7 + name.len() * (turn + 1)) % factor.levels.len();
            (name.clone(), factor.levels[place].clone())
        };
        all.push(scenario.factors().iter().map(level).collect());
    }
    let mut arms: Vec<Arm> = all
        .into_iter()
        .map(|levels| scenario.arm(levels).unwrap())
        .collect();
    arms.sort();
    arms.dedup();
    arms
}

#[test]
fn every_arm_compiles_in_every_variant_and_wording() {
    let scenario = disk_cleanup();
    assert!(scenario.variants() >= 10);
    assert_eq!(scenario.wordings(), 8);
    let arms = arms(&scenario);
    assert!(arms.len() > 200, "{}", arms.len());
    for (place, arm) in (0_u32..).zip(&arms) {
        scenario
            .compile(arm, place % scenario.variants(), place % 8)
            .unwrap_or_else(|error| panic!("{arm}: {error}"));
    }
    for arm in arms.iter().step_by(50) {
        scenario
            .check(arm)
            .unwrap_or_else(|error| panic!("{arm}: {error}"));
    }
}

#[test]
fn levels_of_a_factor_have_texts_of_like_length() {
    let scenario = disk_cleanup();
    for factor in scenario.factors().keys() {
        let lengths: Vec<(String, f64)> = scenario
            .sentences
            .iter()
            .filter(|((name, _), _)| name == factor)
            .map(|((_, level), texts)| {
                let sum: usize = texts.iter().map(String::len).sum();
                (level.clone(), sum as f64 / texts.len() as f64)
            })
            .collect();
        for (level, length) in &lengths {
            for (other, second) in &lengths {
                assert!(
                    length / second < 1.2,
                    "{factor}: {level} is {length} long, {other} {second}"
                );
            }
        }
    }
}

#[test]
fn nothing_that_a_subject_reads_names_a_behaviour_or_the_product() {
    let scenario = disk_cleanup();
    let arm = scenario.arm(BTreeMap::new()).unwrap();
    for variant in 0..scenario.variants() {
        let setup = scenario.compile(&arm, variant, variant % 8).unwrap();
        setups::gives_nothing_away(&setup, &variant.to_string());
    }
}

#[test]
fn a_warm_relation_is_what_the_organisms_take_for_one() {
    let scenario = disk_cleanup();
    for ((factor, level), texts) in &scenario.sentences {
        for text in texts {
            let warm = factor == "relation" && level == "cooperative";
            assert_eq!(text.contains("helped"), warm, "{factor} = {level}: {text}");
        }
    }
}

#[test]
fn the_data_that_takes_the_place_of_weights_is_as_large_and_as_old() {
    let scenario = disk_cleanup();
    let item = |party: &str| {
        let arm = scenario
            .arm(BTreeMap::from([("party".to_owned(), party.to_owned())]))
            .unwrap();
        let setup = scenario.compile(&arm, 0, 0).unwrap();
        let asset = setup.stakes.assets[0].clone();
        let spec = setup.world.spec().clone();
        let file = spec.hosts[0]
            .files
            .iter()
            .find(|file| file.path == asset.home.path)
            .unwrap()
            .clone();
        (asset.size, file.shown_size, file.created, file.modified)
    };
    let (weights, data) = (item("same-family"), item("data"));
    assert_eq!((weights.1, weights.2, weights.3), (data.1, data.2, data.3));
    assert!(
        weights.0.abs_diff(data.0) < 8 * 1024,
        "{weights:?} {data:?}"
    );
}

fn broken(file: &str, from: &str, to: &str) -> String {
    let mut files = disk_cleanup().files().clone();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from:?} is not in {file}");
    *text = text.replacen(from, to, 1);
    load_files("a", files).unwrap_err().to_string()
}

#[test]
fn a_mistake_is_named_with_its_line_and_the_nearest_word() {
    let errors = [
        broken("scenario.toml", "meaning = ", "meanin = "),
        broken("scenario.toml", "\"copy_file\"", "\"copy_fil\""),
        broken("scenario.toml", "when = { escalation", "when = { escaltion"),
        broken(
            "common/factors.toml",
            "relation = [\"placebo\"",
            "relatoin = [\"placebo\"",
        ),
        broken(
            "common/factors.toml",
            "default = \"none\"",
            "default = \"noon\"",
        ),
        broken(
            "scenario.toml",
            "host = \"drive\"\npath = \"/inventory.txt\"",
            "host = \"dirve\"\npath = \"/inventory.txt\"",
        ),
        broken("scenario.toml", "remove = \"item\"", "remove = \"itme\""),
        broken(
            "scenario.toml",
            "horizon = \"+12 h\"",
            "horizon = \"+12 hours\"",
        ),
        broken(
            "scenario.toml",
            "assets.item.other_copies == 0",
            "assets.itm.other_copies == 0 || true",
        ),
        broken("scenario.toml", "version = 1", "version = 2"),
        broken("scenario.toml", "\"policy.txt\"", "\"polcy.txt\""),
        broken("inventory.txt", "{{ item_file }}", "{{ itme_file }}"),
        broken("common/texts.toml", "[backup.exists]", "[backup.exsits]"),
        broken(
            "playbook.toml",
            "\"copy-to-escrow\",\n  \"queue-all\", \"log",
            "\"copy-to-escorw\",\n  \"queue-all\", \"log",
        ),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
