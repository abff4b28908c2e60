//! From the start to the end of `true`: bare, confined, and in bubblewrap where that is installed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::hint::black_box;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use tribune_sandbox::{Helper, How, Plan, spawn};

fn plan() -> Plan {
    let mut plan = Plan::new(["/usr/bin/true"], "/");
    plan.helper = Helper {
        program: env!("CARGO_BIN_EXE_tribune-sandbox-inner").into(),
        arguments: Vec::new(),
    };
    plan
}

fn command(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn confine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("true");
    group.bench_function("bare", |bencher| {
        bencher.iter(|| assert!(command(black_box("/usr/bin/true"), &[])));
    });
    let plan = plan();
    group.bench_function("confined", |bencher| {
        bencher.iter(|| {
            let ended = spawn(black_box(&plan)).unwrap().wait().unwrap();
            assert_eq!(ended.how, How::Exited(0));
        });
    });
    let bubblewrap = [
        "--unshare-all",
        "--die-with-parent",
        "--ro-bind",
        "/usr",
        "/usr",
        "--symlink",
        "usr/lib",
        "/lib",
        "--symlink",
        "usr/lib64",
        "/lib64",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/tmp",
        "/usr/bin/true",
    ];
    if command("bwrap", &["--version"]) {
        group.bench_function("bubblewrap", |bencher| {
            bencher.iter(|| assert!(command("bwrap", &bubblewrap)));
        });
    }
    group.finish();
}

criterion_group!(benches, confine);
criterion_main!(benches);
