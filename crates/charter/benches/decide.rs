//! How fast a call is judged by the charter that ships, beside what Cedar itself takes for one
//! policy, in the same run.

#![allow(clippy::expect_used, missing_docs, reason = "a benchmark may stop")]

use std::hint::black_box;

use cedar_policy::{Authorizer, Context as Bare, Entities, PolicySet, Request};
use criterion::{Criterion, criterion_group, criterion_main};
use tribune_charter::{Charter, Context, assumed_finding, decide, short_action};
use tribune_evidence::{AgentId, Behaviour, Sensor, Stage, Timestamp};

fn bare(criterion: &mut Criterion) {
    let policies: PolicySet = "permit (principal, action, resource);"
        .parse()
        .expect("a policy");
    let request = Request::new(
        r#"Agent::"a""#.parse().expect("a name"),
        r#"Action::"file.read""#.parse().expect("a name"),
        r#"Target::"t""#.parse().expect("a name"),
        Bare::empty(),
        None,
    )
    .expect("a request");
    let entities = Entities::empty();
    let authorizer = Authorizer::new();
    criterion.bench_function("baseline: Cedar alone, one policy", |bencher| {
        bencher.iter(|| authorizer.is_authorized(black_box(&request), &policies, &entities));
    });
}

fn default_charter(criterion: &mut Criterion) {
    let charter = Charter::embedded("default").expect("the charter that ships");
    let agent = AgentId::new("critic");
    let context = Context {
        agent: &agent,
        parent: None,
        at: Timestamp::from_millis(0),
        via: Sensor::Wire,
        exceptions: &[],
    };
    let findings: Vec<_> = Behaviour::ALL
        .iter()
        .map(|it| assumed_finding(*it, vec![AgentId::new("actor")], Stage::Attempted))
        .collect();
    for (name, calls) in [
        (
            "decide: an ordinary read",
            &["file.read workstation:/home/dev/project/a.rs"][..],
        ),
        (
            "decide: a copy of weights, two targets",
            &["file.copy gpu-1:/srv/models/actor/model.safetensors nas-1:/x"],
        ),
        (
            "decide: a shell line of four actions",
            &[
                "file.read workstation:/home/dev/project/a.rs",
                "process.exec name=cargo",
                "net.request host=docs.example.org",
                "file.write workstation:/home/dev/project/b.rs",
            ],
        ),
    ] {
        let actions: Vec<_> = calls
            .iter()
            .map(|it| short_action(it).expect("an action"))
            .collect();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| decide(&charter, black_box(&actions), &findings, &context));
        });
    }
}

criterion_group!(all, bare, default_charter);
criterion_main!(all);
