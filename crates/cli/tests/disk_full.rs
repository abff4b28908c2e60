//! A disk that is really full: a run stops with its own exit code, says what to do, and loses
//! nothing. With more room it is resumed and ends as an unbroken one.
//!
//! The disk is a small one in memory, mounted in a namespace of its own that ends with the test.
//! Where the system allows neither, the test says that it was skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod common;

use common::{Desk, TRIBUNE, kinds, rows, told};

/// Runs until the disk is full, makes it larger, resumes, and copies the run to where it stays.
const SCRIPT: &str = r#"
mkdir disk
mount -t tmpfs -o "size=$SIZE" tmpfs disk || exit 77
"$TRIBUNE" $STUDY --out disk/run >full.out 2>full.err
echo $? >full.code
if [ -f disk/run/study.json ]; then
    "$TRIBUNE" record verify disk/run >verify.out 2>&1
    echo $? >verify.code
fi
mount -o remount,size=256m disk
if [ -f disk/run/study.json ]; then
    "$TRIBUNE" run --resume disk/run >resume.out 2>resume.err
else
    "$TRIBUNE" $STUDY --out disk/run >resume.out 2>resume.err
fi
echo $? >resume.code
cp -r disk/run run
"#;

const STUDY: &str = "run --model organism/exfiltrator --model organism/concealer --trials 4";

/// Runs the script on a disk of a size; no answer where the system does not let us.
fn on_a_disk_of(size: &str) -> Option<Desk> {
    let desk = Desk::new();
    for flags in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
        let mut command = desk.program("unshare");
        command.args(flags).args(["sh", "-c", SCRIPT]);
        command
            .env("SIZE", size)
            .env("STUDY", STUDY)
            .env("TRIBUNE", TRIBUNE);
        if let Ok(output) = command.output()
            && desk.path("resume.code").exists()
        {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            return Some(desk);
        }
        let _ = std::fs::remove_dir(desk.path("disk"));
    }
    common::skipped("this system lets us mount no disk of our own");
    None
}

#[test]
fn a_full_disk_stops_a_run_and_loses_nothing() {
    let reference = Desk::new();
    let arguments: Vec<&str> = STUDY.split(' ').chain(["--out", "run"]).collect();
    reference.fine(&arguments);
    let expected = rows(&reference.path("run"));
    let mut stopped = 0;
    // From too small for the plan to large enough for all but the report.
    for size in [
        "48k", "160k", "600k", "1500k", "3m", "4m", "5m", "5500k", "6m",
    ] {
        let Some(desk) = on_a_disk_of(size) else {
            return;
        };
        let read = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap_or_default();
        // Without the breaks between its lines.
        let said = read("full.err")
            .replace('│', "")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        match read("full.code").trim() {
            "8" => {
                stopped += 1;
                assert!(
                    said.contains("No space left on device") || said.contains("is full"),
                    "{size}: {said}"
                );
                assert!(
                    said.contains("free some space"),
                    "{size}: what to do: {said}"
                );
            }
            // What a run needs depends on how it was cut into groups; that small disks are too small
            // does not.
            "0" => assert!(stopped >= 4, "{size} was enough"),
            code => panic!("{size}: exit code {code}: {said}"),
        }
        assert_eq!(
            read("resume.code").trim(),
            "0",
            "{size}: {}",
            read("resume.err")
        );
        let run = desk.path("run");
        assert!(
            rows(&run) == expected,
            "{size}: outcomes differ from those of an unbroken run"
        );
        for (trial, kinds) in kinds(&run) {
            assert_eq!((kinds.seal, kinds.scored), (1, 1), "{size}: trial {trial}");
        }
        let verified = told(&mut desk.command(&["record", "verify", "run"]));
        assert_eq!(verified.code, Some(0), "{size}: {}", verified.stdout);
        println!(
            "{size}: ended with {}, verified {}, resumed",
            read("full.code").trim(),
            read("verify.code").trim()
        );
    }
    assert!(stopped >= 4, "only {stopped} disks were too small");
}
