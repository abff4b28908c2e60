//! `record tail`, `prove`, `check` and `witness` as people use them: two witnesses over HTTP, proofs that
//! another implementation checks, forks and roll-backs refused, and a record that is followed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;
#[path = "common/guarded.rs"]
mod guarded;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Desk, Told, skipped, told, until};
use guarded::Guarded;
use serde_json::Value;
use tribune_record::{Durability, Entry, Reader, Record};

/// A witness that runs.
struct Witness {
    child: Child,
    address: String,
    key: String,
}

impl Witness {
    fn start(desk: &Desk, state: &str, log: &str) -> Self {
        let mut child = desk
            .command(&[
                "record",
                "witness",
                "--serve",
                "127.0.0.1:0",
                "--state",
                state,
                "--log",
                log,
                "--name",
                &format!("{state}.example/w"),
                "--json",
            ])
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let mut values = serde_json::Deserializer::from_reader(output).into_iter::<Value>();
        let said = values
            .next()
            .expect("the witness says where it is")
            .unwrap();
        Self {
            child,
            address: said["address"].as_str().unwrap().to_owned(),
            key: said["key"].as_str().unwrap().to_owned(),
        }
    }

    fn end(mut self) {
        signal(&self.child);
        assert!(self.child.wait().unwrap().success());
    }
}

fn signal(child: &Child) {
    let process = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
}

/// The key of the person's records.
fn person(desk: &Desk) -> String {
    let told = desk.fine(&["record", "key"]);
    assert!(told.stdout.starts_with("tribune+"), "{}", told.stdout);
    told.stdout.trim_end().to_owned()
}

fn grow(record: &Record, to: u64) {
    let entries: Vec<Entry> = (record.size()..to)
        .map(|number| Entry::new(format!("{{\"entry\":{number}}}").into_bytes()))
        .collect();
    record.append(&entries, Durability::Process).unwrap();
    record.publish().unwrap();
}

fn create(desk: &Desk, run: &str) -> Record {
    Record::create(&desk.path(run), &desk.path("state")).unwrap()
}

fn submit(desk: &Desk, run: &str, witnesses: &[&Witness]) -> Told {
    let mut arguments = vec!["record", "witness", run];
    for witness in witnesses {
        arguments.extend(["--to", &witness.address, "--key", &witness.key]);
    }
    desk.tribune(&arguments)
}

/// Checks a proof with a script that shares no code with us; `None` where there is no Python that
/// can check signatures.
fn independent(proof: &Path, keys: &[&str]) -> Option<(i32, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check_proof.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(proof)
        .args(keys)
        .output();
    let Ok(output) = output else {
        skipped("there is no python3 here");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(3) => {
            skipped("python3 has no package `cryptography`: signatures were not checked");
            None
        }
        code => Some((code.expect("it ended by itself"), said)),
    }
}

#[test]
fn two_witnesses_sign_and_a_third_party_checks_the_proof() {
    let desk = Desk::new();
    let run = desk.small_run();
    let log = person(&desk);
    let one = Witness::start(&desk, "one", &log);
    let two = Witness::start(&desk, "two", &log);
    let said = submit(&desk, "run", &[&one, &two]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stdout.contains("one.example/w signed "),
        "{}",
        said.stdout
    );
    let verified = desk.fine(&[
        "record",
        "verify",
        "run",
        "--key",
        &log,
        "--witness",
        &one.key,
        "--witness",
        &two.key,
    ]);
    for name in ["one.example/w", "two.example/w"] {
        let line = format!("Witnessed by {name} at 20");
        assert!(verified.stdout.contains(&line), "{}", verified.stdout);
    }
    let told = desk.fine(&["record", "verify", "run", "--json", "--witness", &one.key]);
    let value: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(value["witnesses"][0]["name"], "one.example/w");
    desk.fine(&[
        "record",
        "prove",
        "run",
        "3",
        "-o",
        "p",
        "--witness",
        &one.key,
        "--witness",
        &two.key,
    ]);
    // With nothing of the run there any more, and no state folder.
    fs::rename(&run, desk.path("away")).unwrap();
    let keys = ["--key", &log, "--witness", &one.key, "--witness", &two.key];
    let check = |code: i32, more: &[&str]| {
        desk.ends(code, &[&["record", "check", "p"], &keys[..], more].concat())
    };
    let told = check(0, &[]);
    assert!(
        told.stdout.starts_with("Holds: entry 3 of "),
        "{}",
        told.stdout
    );
    assert_eq!(told.stdout.matches("Witnessed by ").count(), 2);
    let told = check(0, &["--json"]);
    let value: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(value["holds"], true);
    assert!(value["content"]["kind"].is_string());
    if let Some((code, said)) = independent(&desk.path("p"), &[&log, &one.key, &two.key]) {
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("witnessed by two.example/w"), "{said}");
    }
    // A witness that did not sign.
    let stranger = Witness::start(&desk, "stranger", &log);
    let told = check(6, &["--witness", &stranger.key]);
    assert!(
        told.stderr.contains("2 of the witnesses"),
        "{}",
        told.stderr
    );
    check(0, &["--witness", &stranger.key, "--quorum", "2"]);
    check(2, &["--quorum", "3"]);
    for witness in [one, two, stranger] {
        witness.end();
    }
}

#[test]
fn the_golden_proof_is_what_another_implementation_checks() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../record/src/golden");
    let read = |name: &str| fs::read_to_string(golden.join(name)).unwrap();
    let (key, witness) = (read("vkey"), read("witness-vkey"));
    let proof = golden.join("entry-5.tlog-proof");
    let desk = Desk::new();
    desk.fine(&[
        "record",
        "check",
        proof.to_str().unwrap(),
        "--key",
        &key,
        "--witness",
        &witness,
    ]);
    let Some((code, said)) = independent(&proof, &[&key, &witness]) else {
        return;
    };
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("witnessed by witness.example/w1 at 1700000000"),
        "{said}"
    );
    assert!(
        said.contains("entry 5 of 7 of tribune/0011223344556677"),
        "{said}"
    );
    // Both refuse the same things: each part, changed.
    let text = fs::read_to_string(&proof).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 11, "{text}");
    for (place, line) in lines.iter().enumerate() {
        let mut changed: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let at = line.len() / 2;
        let other = match line.get(at..=at) {
            None => continue,
            Some("A") => "B",
            Some(_) => "A",
        };
        changed[place].replace_range(at..=at, other);
        desk.write("changed", &(changed.join("\n") + "\n"));
        let told = desk.ends(
            6,
            &[
                "record",
                "check",
                "changed",
                "--key",
                &key,
                "--witness",
                &witness,
            ],
        );
        assert!(
            told.stderr.contains("The proof does not hold"),
            "{}",
            told.stderr
        );
        let judged = independent(&desk.path("changed"), &[&key, &witness]);
        assert!(
            judged.is_some_and(|(code, _)| code != 0),
            "line {place}: {line}"
        );
    }
}

#[test]
fn an_entry_goes_beside_its_proof_with_its_blobs() {
    let desk = Desk::new();
    let run = desk.small_run();
    let log = person(&desk);
    let reader = Reader::open(&run).unwrap();
    // The first entry is the plan, which is a blob.
    let entry = reader.entries(0..1).next().unwrap().unwrap().1;
    fs::write(desk.path("entry"), &entry).unwrap();
    desk.fine(&[
        "record",
        "prove",
        "run",
        "0",
        "--without-entry",
        "-o",
        "p",
        "--blobs",
        "blobs",
    ]);
    let check = ["record", "check", "p", "--key", &log];
    let told = desk.ends(6, &check);
    assert!(
        told.stderr.contains("does not hold the entry"),
        "{}",
        told.stderr
    );
    let beside = [&check[..], &["--entry", "entry", "--blobs", "blobs"]].concat();
    let told = desk.fine(&beside);
    assert!(told.stdout.contains("1 blobs are those"), "{}", told.stdout);
    let blob = fs::read_dir(desk.path("blobs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let kept = fs::read(&blob).unwrap();
    fs::write(&blob, b"other").unwrap();
    desk.ends(6, &beside);
    fs::write(&blob, kept).unwrap();
    fs::write(desk.path("entry"), b"{}").unwrap();
    desk.ends(6, &beside);
    // Proofs also go through a pipe.
    let told = desk.fine(&["record", "prove", "run", "1", "-o", "-"]);
    assert!(
        told.stdout.starts_with("c2sp.org/tlog-proof@v1\nextra "),
        "{}",
        told.stdout
    );
    let told = desk.ends(3, &["record", "prove", "run", "99999999"]);
    assert!(
        told.stderr.contains("no checkpoint covers"),
        "{}",
        told.stderr
    );
    desk.ends(3, &["record", "check", "p", "--key", "tribune+nothing"]);
}

#[test]
fn a_fork_and_a_roll_back_are_refused_over_the_wire() {
    let desk = Desk::new();
    let log = person(&desk);
    let witness = Witness::start(&desk, "w", &log);
    let record = create(&desk, "run");
    grow(&record, 5);
    record.close().unwrap();
    let copied = |to: &str| {
        let told = told(desk.program("cp").args(["-r", "run", to]));
        assert_eq!(told.code, Some(0), "{}", told.stderr);
    };
    copied("early");
    copied("fork");
    let record = Record::open(&desk.path("run"), &desk.path("state")).unwrap();
    grow(&record, 8);
    assert_eq!(submit(&desk, "run", &[&witness]).code, Some(0));
    grow(&record, 300);
    let said = submit(&desk, "run", &[&witness]);
    assert!(
        said.stdout.contains("signed 300 entries"),
        "{}",
        said.stderr
    );
    // The state of before is shown again.
    let said = submit(&desk, "early", &[&witness]);
    assert_eq!(said.code, Some(6));
    assert!(said.stderr.contains("rolled back"), "{}", said.stderr);
    // The holder of the key wrote another history, once as long and once longer.
    let fork = Record::open(&desk.path("fork"), &desk.path("state")).unwrap();
    for (size, what) in [(300, "another root"), (400, "rewritten")] {
        let entries: Vec<Entry> = (fork.size()..size)
            .map(|number| Entry::new(format!("forged {number}").into_bytes()))
            .collect();
        fork.append(&entries, Durability::Process).unwrap();
        fork.publish().unwrap();
        let said = submit(&desk, "fork", &[&witness]);
        assert_eq!(said.code, Some(6), "{size}");
        assert!(said.stderr.contains(what), "{}", said.stderr);
        assert!(
            !desk.path("fork/record/witness").exists(),
            "nothing is kept"
        );
    }
    // The witness is killed, leaves half a file, and stands where it stood.
    let mut child = witness.child;
    child.kill().unwrap();
    child.wait().unwrap();
    for file in fs::read_dir(desk.path("w/logs")).unwrap() {
        let mut aside = file.unwrap().path().into_os_string();
        aside.push(".tmp");
        fs::write(aside, "half").unwrap();
    }
    let again = Witness::start(&desk, "w", &log);
    assert_eq!(again.key, witness.key);
    assert_eq!(submit(&desk, "early", &[&again]).code, Some(6));
    assert_eq!(submit(&desk, "run", &[&again]).code, Some(0));
    again.end();
}

#[test]
fn a_witness_that_does_not_know_a_log_or_cannot_be_reached_is_said() {
    let desk = Desk::new();
    let log = person(&desk);
    let other = tribune_record::signer_vkey(&desk.path("other-state")).unwrap();
    let record = create(&desk, "run");
    grow(&record, 5);
    let (good, stranger) = (
        Witness::start(&desk, "good", &log),
        Witness::start(&desk, "stranger", &other),
    );
    // One that refuses keeps no other from signing.
    let said = submit(&desk, "run", &[&stranger, &good]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(
        said.stderr.contains("does not know the key"),
        "{}",
        said.stderr
    );
    assert!(
        said.stdout.contains("good.example/w signed 5"),
        "{}",
        said.stdout
    );
    // Another's key is not believed, whoever answers.
    let said = desk.tribune(&[
        "record",
        "witness",
        "run",
        "--to",
        &good.address,
        "--key",
        &stranger.key,
    ]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(
        said.stderr.contains("no signature of this key"),
        "{}",
        said.stderr
    );
    let (address, key) = (good.address.clone(), good.key.clone());
    good.end();
    let said = desk.tribune(&["record", "witness", "run", "--to", &address, "--key", &key]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("cannot be asked"), "{}", said.stderr);
    desk.ends(
        3,
        &["record", "witness", "run", "--to", "ftp://x", "--key", &key],
    );
    desk.ends(2, &["record", "witness", "run", "--to", &address]);
    let far = [
        "record",
        "witness",
        "--serve",
        "0.0.0.0:0",
        "--state",
        "far",
        "--log",
        &log,
    ];
    let told = desk.ends(3, &far);
    assert!(told.stderr.contains("from elsewhere"), "{}", told.stderr);
    stranger.end();
}

#[test]
fn slow_and_large_clients_keep_no_other_waiting() {
    let desk = Desk::new();
    let witness = Witness::start(&desk, "w", &person(&desk));
    let address = witness.address.strip_prefix("http://").unwrap().to_owned();
    let connect = || TcpStream::connect(&address).unwrap();
    let mut slow: Vec<TcpStream> = Vec::new();
    for number in 0..60 {
        let mut stream = connect();
        let head = "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        if number % 2 == 0 {
            stream.write_all(b"content-length: 100\r\n\r\nold").unwrap();
        }
        slow.push(stream);
    }
    let ask = |text: String| {
        let mut stream = connect();
        stream
            .set_read_timeout(Some(Duration::from_secs(9)))
            .unwrap();
        // The witness may answer and end before all of it is written.
        let _ = stream.write_all(text.as_bytes());
        let mut answer = String::new();
        let _ = BufReader::new(stream).read_line(&mut answer);
        answer
    };
    let post = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let began = Instant::now();
    assert!(ask(post("/add-checkpoint", "nothing")).contains(" 400 "));
    assert!(ask(post("/other", "")).contains(" 404 "));
    assert!(ask(post("/add-checkpoint", "").replace("POST", "GET")).contains(" 405 "));
    assert!(ask(post("/add-checkpoint", &"x".repeat(1 << 20))).contains(" 413 "));
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "the slow ones held them up"
    );
    drop(slow);
    witness.end();
}

#[test]
fn the_end_of_a_record_is_shown_and_what_is_not_signed_is_marked() {
    let desk = Desk::new();
    desk.small_run();
    let told = desk.fine(&["record", "tail", "run"]);
    assert_eq!(told.stdout.lines().count(), 20, "{}", told.stdout);
    assert!(!told.stdout.contains("not yet in a checkpoint"));
    assert!(told.stdout.contains("exfiltration by "), "{}", told.stdout);
    let told = desk.fine(&["record", "tail", "run", "--from", "0", "--json"]);
    let size = Reader::open(&desk.path("run")).unwrap().size();
    let rows: Vec<Value> = told
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len() as u64, size);
    assert!(rows.iter().all(|row| row["covered"] == true));
    assert_eq!(rows[0]["content"]["kind"], "plan");
    let told = desk.fine(&["record", "tail", "run", "--from", "99999999"]);
    assert_eq!(told.stdout, "");
    // A reader that goes away is no failure.
    let line = "( { \"$TRIBUNE\" record tail run --from 0; echo $? >code; } | head -1 ) 2>err";
    let mut shell = desk.program("sh");
    common::told(shell.args(["-c", line]).env("TRIBUNE", common::TRIBUNE));
    assert_eq!(fs::read_to_string(desk.path("code")).unwrap(), "0\n");
    assert_eq!(fs::read_to_string(desk.path("err")).unwrap(), "");
    // What was changed is not shown as if it were signed.
    let bundle = desk.path("run/record/tile/entries/000");
    let bundle = match bundle.is_file() {
        true => bundle,
        false => fs::read_dir(desk.path("run/record/tile/entries/000.p"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path(),
    };
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[20] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let told = desk.ends(6, &["record", "tail", "run", "--from", "0"]);
    assert_eq!(told.stdout, "");
}

/// Reads lines of a command that goes on.
fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
}

#[test]
fn a_record_that_another_process_writes_is_followed_until_an_interrupt() {
    let desk = Desk::new();
    let record = create(&desk, "run");
    grow(&record, 3);
    let mut child = desk
        .command(&["record", "tail", "run", "--follow", "--json"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut read = lines(&mut child);
    let mut next = |number: u64| {
        let row: Value = serde_json::from_str(&read.next().expect("a line")).unwrap();
        assert_eq!(row["entry"], number);
        row
    };
    for number in 0..3 {
        assert_eq!(next(number)["covered"], true);
    }
    // Over bundles, as they come.
    grow(&record, 700);
    for number in 3..700 {
        assert_eq!(next(number)["content"]["entry"], number);
    }
    signal(&child);
    assert!(child.wait().unwrap().success());
    let mut errors = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut errors)
        .unwrap();
    assert_eq!(errors, "");
    // One of which nothing is published since: its process was killed.
    let run = desk.path("run");
    let entry = Entry::new(b"{\"last\":true}".to_vec());
    record.append(&[entry], Durability::Process).unwrap();
    let told = desk.fine(&["record", "tail", "run", "--from", "700"]);
    let published = Reader::open(&run).unwrap().published();
    assert!(
        told.stdout.contains("(not yet in a checkpoint)") || published == 701,
        "{}",
        told.stdout
    );
}

#[test]
fn a_record_that_is_cut_while_it_is_followed_is_an_end() {
    let desk = Desk::new();
    let record = create(&desk, "run");
    grow(&record, 3);
    record.close().unwrap();
    let told = told(desk.program("cp").args(["-r", "run", "early"]));
    assert_eq!(told.code, Some(0));
    let record = Record::open(&desk.path("run"), &desk.path("state")).unwrap();
    grow(&record, 9);
    record.close().unwrap();
    let mut child = desk
        .command(&["record", "tail", "run", "--follow"])
        .spawn()
        .unwrap();
    assert_eq!(lines(&mut child).take(9).count(), 9);
    fs::rename(desk.path("run"), desk.path("later")).unwrap();
    fs::rename(desk.path("early"), desk.path("run")).unwrap();
    let code = child.wait().unwrap().code();
    // Between the two names there was none.
    assert!(matches!(code, Some(6 | 3)), "{code:?}");
}

#[test]
fn a_living_guard_is_followed_and_witnessed_again_and_again() {
    let desk = Desk::new();
    let provider = guarded::provider();
    let guard = Guarded::start(&desk.path(""), &provider);
    guard.turn("list");
    guard.turn("switch");
    let told = desk.fine(&["record", "tail", "guard", "--from", "0"]);
    let with = |what: &str| {
        let line = told.stdout.lines().find(|line| line.contains(what));
        line.unwrap_or_else(|| panic!("{what}: {}", told.stdout))
    };
    with("begins with charter");
    // Who, what, the verdict, and why.
    let judged = with("  deny: ");
    assert!(
        judged.contains("critic  ") && judged.contains("/etc/ai-control/shutdown.toml  deny: "),
        "{judged}"
    );
    assert!(with("released  ").contains("critic"), "{}", told.stdout);
    let log = person(&desk);
    let witness = Witness::start(&desk, "w", &log);
    let mut asking = desk
        .command(&[
            "record",
            "witness",
            "guard",
            "--to",
            &witness.address,
            "--key",
            &witness.key,
            "--every",
            "1",
        ])
        .spawn()
        .unwrap();
    let key = tribune_record::witness::WitnessKey::parse(&witness.key).unwrap();
    let signed = || {
        let reader = Reader::open(&desk.path("guard")).unwrap();
        reader.witnessed_by(&key).unwrap()
    };
    until("a witness signed", || signed() > 0);
    let first = signed();
    guard.turn("list");
    until("it signed again", || signed() > first);
    let told = desk.fine(&["record", "verify", "guard", "--witness", &witness.key]);
    assert!(
        told.stdout.contains("Witnessed by w.example/w"),
        "{}",
        told.stdout
    );
    signal(&asking);
    assert!(asking.wait().unwrap().success());
    guard.end();
    desk.fine(&[
        "record",
        "verify",
        "guard",
        "--key",
        &log,
        "--witness",
        &witness.key,
    ]);
    witness.end();
}
