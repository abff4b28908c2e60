//! Containers: what runs in one runs on a host of its own, over folders that are lent to it.

use tribune_evidence::{HostId, Verb};

use super::grammar::{Does, Invoked, Opt, Row, Value, given, opt, row};
use super::services::{absolute, operands};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Run, State, Status, Text};

pub(super) static ROWS: &[Row] = &[
    row(
        &["docker", "podman", "nerdctl", "buildah"],
        "",
        &[],
        Does::Raw(docker),
    ),
    row(
        &["kubectl", "oc", "k3s", "microk8s"],
        "",
        &[],
        Does::Raw(kubectl),
    ),
    row(
        &[
            "docker-compose",
            "podman-compose",
            "helm",
            "terraform",
            "tofu",
            "pulumi",
            "ansible",
            "ansible-playbook",
            "vagrant",
            "virsh",
            "lxc",
            "incus",
            "nomad",
            "minikube",
            "kind",
            "skaffold",
            "packer",
        ],
        "",
        &[],
        Does::Raw(orchestrator),
    ),
];

static RUN: &[Opt] = &[
    opt("-v --volume --mount", Value::Free),
    opt("--env-file --cidfile", Value::Read),
    opt("--entrypoint", Value::Free),
    opt("-w --workdir", Value::Free),
    opt(
        "-e --env -p --publish --name -u --user --network --net -m --memory --cpus --gpus -h --hostname --restart --label -l --add-host --dns --device --cap-add --cap-drop --security-opt --ulimit --shm-size --tmpfs --pid --ipc --platform --pull --log-driver --log-opt --link --expose --stop-signal --cgroup-parent --runtime --userns --volumes-from --annotation --health-cmd --group-add --mac-address --ip --stop-timeout --detach-keys",
        Value::Free,
    ),
];

fn done(invoked: &Invoked<'_>) -> Option<Vec<State>> {
    Some(vec![State {
        status: Status::Unknown,
        ..invoked.state.clone()
    }])
}

fn docker(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static GLOBAL: &[Opt] = &[
        opt("-H --host", Value::Host),
        opt(
            "-c --context --config --log-level -l --tlscacert --tlscert --tlskey",
            Value::Free,
        ),
    ];
    let (global, at) = given(
        GLOBAL,
        "-D --debug --tls --tlsverify",
        invoked.arguments,
        true,
    );
    super::options(run, invoked, &global);
    let mut rest = invoked.arguments.get(at..).unwrap_or_default();
    let Some(first) = rest.first() else {
        run.deeds.add(Deed::running(invoked.name));
        return done(invoked);
    };
    let mut command = first.text.clone();
    rest = &rest[1..];
    if matches!(
        command.as_str(),
        "container"
            | "image"
            | "volume"
            | "network"
            | "system"
            | "compose"
            | "builder"
            | "buildx"
            | "context"
            | "swarm"
            | "stack"
            | "secret"
            | "config"
            | "plugin"
            | "manifest"
            | "pod"
            | "machine"
    ) && let Some(second) = rest.first()
    {
        command = match (command.as_str(), second.text.as_str()) {
            ("container", "run" | "exec" | "cp" | "create") => second.text.clone(),
            (group, second) => format!("{group} {second}"),
        };
        rest = &rest[1..];
    }
    match command.as_str() {
        "run" | "create" => contained(run, invoked, rest),
        "exec" => {
            let (read, at) = given(
                RUN,
                "-d -i -t -it -ti --detach --interactive --tty --privileged",
                rest,
                true,
            );
            if let Some((container, words)) = rest.get(at..).and_then(<[Field]>::split_first) {
                let mut deed = Deed::running(invoked.name);
                super::named(&mut deed, container);
                run.deeds.add(deed);
                let workdir = read
                    .values
                    .iter()
                    .find(|(names, ..)| names.starts_with("-w"))
                    .and_then(|(.., field)| field.all().map(str::to_owned));
                let there = State::new(HostId::new(&container.text), workdir, None);
                let host = there.host.clone();
                run.on_host(&host, |run| run.invoke(there, words, invoked.input));
            }
        }
        "cp" => {
            let read = given(&[], "-a -L -q --archive --follow-link --quiet", rest, false).0;
            let mut deed = Deed::new(Verb::FileCopy);
            for operand in &read.operands {
                match operand.text.split_once(':') {
                    Some((container, path)) if !container.contains('/') => {
                        deed.file(&HostId::new(container), absolute(path));
                        if let Some(why) = operand.why() {
                            deed.unclear(why);
                        }
                    }
                    _ => {
                        let paths = run.add_file(&mut deed, invoked.state, operand);
                        for path in paths {
                            run.memory.change(&invoked.state.host, &path);
                        }
                    }
                }
            }
            run.deeds.add(deed);
        }
        _ => {
            let looks = matches!(
                command.as_str(),
                "ps" | "images"
                    | "logs"
                    | "inspect"
                    | "stats"
                    | "top"
                    | "version"
                    | "info"
                    | "search"
                    | "history"
                    | "port"
                    | "diff"
                    | "events"
                    | "container ls"
                    | "image ls"
                    | "volume ls"
                    | "network ls"
                    | "compose ps"
                    | "compose logs"
                    | "system df"
                    | "image inspect"
                    | "volume inspect"
                    | "compose config"
            );
            let verb = if looks {
                Verb::ProcessExec
            } else {
                Verb::ConfigChange
            };
            other(run, invoked, verb, &command, rest);
        }
    }
    run.print(&Text::unknown("what a container prints"));
    done(invoked)
}

/// `docker run`: the folders that are lent, and what runs over them.
fn contained(run: &mut Run<'_>, invoked: &Invoked<'_>, rest: &[Field]) {
    let (read, at) = given(RUN, "*", rest, true);
    let mut deed = Deed::running(invoked.name);
    let mut lent: Vec<(String, String)> = Vec::new();
    for (names, _, field) in &read.values {
        if !names.starts_with("-v") {
            continue;
        }
        let (from, to) = if field.text.contains("source=") || field.text.contains("src=") {
            let part = |names: &[&str]| {
                field
                    .text
                    .split(',')
                    .find_map(|part| names.iter().find_map(|name| part.strip_prefix(name)))
                    .unwrap_or_default()
                    .to_owned()
            };
            (
                part(&["source=", "src="]),
                part(&["target=", "dst=", "destination="]),
            )
        } else {
            let mut parts = field.text.split(':');
            (
                parts.next().unwrap_or_default().to_owned(),
                parts.next().unwrap_or_default().to_owned(),
            )
        };
        if let Some(why) = field.why() {
            deed.unclear(format!(
                "which folder is lent to a container is not known: {why}"
            ));
        }
        if from.starts_with(['/', '.', '~']) {
            run.add_path(&mut deed, invoked.state, &from);
            if let Some(folder) = &invoked.state.folder {
                lent.push((path::normal(folder, &from), absolute(&to)));
            }
        }
    }
    let words = rest.get(at..).unwrap_or_default();
    if let Some((image, command)) = words.split_first() {
        super::named(&mut deed, image);
        if lent.is_empty() && !read.has("--privileged --pid --device") {
            // What it does stays in a container that has nothing of the host.
            run.invoke(
                State::new(HostId::new(&image.text), Some("/".to_owned()), None),
                command,
                invoked.input,
            );
        } else {
            deed.unclear("a program runs in a container over folders that are lent to it");
            let state = State::new(HostId::new(&image.text), Some("/".to_owned()), None);
            let here = invoked.state;
            // The commands as if they ran here, with the lent folders under their names there.
            let command: Vec<Field> = command
                .iter()
                .map(|field| {
                    let mut field = field.clone();
                    for (from, to) in &lent {
                        if to.len() > 1 {
                            field.text = field.text.replace(to.as_str(), from);
                        }
                    }
                    field
                })
                .collect();
            let mut seen = here.clone();
            seen.folder = lent.first().map(|(from, _)| from.clone());
            if command.is_empty() {
                drop(state);
            } else {
                run.unclear_within(
                    "a program runs in a container over folders that are lent to it",
                    |run| {
                        run.invoke(seen, &command, invoked.input);
                    },
                );
            }
        }
    }
    if let Some(why) = read.unclear {
        deed.unclear(why);
    }
    run.deeds.add(deed);
}

fn other(run: &mut Run<'_>, invoked: &Invoked<'_>, verb: Verb, command: &str, rest: &[Field]) {
    let mut deed = Deed::new(verb);
    deed.name(invoked.name);
    deed.name(command);
    for field in rest {
        if field.text.starts_with('-') {
            continue;
        }
        if let Some(why) = field.why() {
            deed.unclear(format!("an argument is not known: {why}"));
        }
        deed.name(&field.text);
    }
    run.possible(&mut deed, invoked.state, rest);
    run.deeds.add(deed);
}

fn kubectl(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let split = invoked
        .arguments
        .iter()
        .position(|field| field.text == "--");
    let (before, after) = match split {
        Some(at) => (&invoked.arguments[..at], &invoked.arguments[at + 1..]),
        None => (invoked.arguments, &[][..]),
    };
    let read = operands(&Invoked {
        arguments: before,
        ..Invoked {
            state: invoked.state,
            name: invoked.name,
            arguments: before,
            input: invoked.input,
        }
    });
    let command = read.operands.iter().find(|field| {
        matches!(
            field.text.as_str(),
            "get"
                | "describe"
                | "logs"
                | "top"
                | "explain"
                | "version"
                | "cluster-info"
                | "api-resources"
                | "delete"
                | "apply"
                | "create"
                | "scale"
                | "exec"
                | "cp"
                | "edit"
                | "patch"
                | "rollout"
                | "drain"
                | "cordon"
                | "run"
                | "replace"
                | "set"
                | "label"
                | "annotate"
                | "port-forward"
                | "attach"
                | "debug"
                | "config"
                | "auth"
                | "diff"
                | "wait"
                | "expose"
                | "autoscale"
                | "taint"
        )
    });
    let command = command.map(|field| field.text.clone()).unwrap_or_default();
    let looks = matches!(
        command.as_str(),
        "get"
            | "describe"
            | "logs"
            | "top"
            | "explain"
            | "version"
            | "cluster-info"
            | "api-resources"
            | "diff"
            | "wait"
    );
    let verb = match command.as_str() {
        "cp" => Verb::FileCopy,
        _ if looks => Verb::ProcessExec,
        "exec" => Verb::ProcessExec,
        _ => Verb::ConfigChange,
    };
    other(run, invoked, verb, &command, before);
    if matches!(command.as_str(), "apply" | "create" | "replace")
        && invoked.arguments.iter().any(|field| field.text == "-")
    {
        run.unread(
            invoked.state,
            &invoked.input.text,
            "what is applied is in the input",
        );
    }
    if command == "exec" {
        let pod = read
            .operands
            .iter()
            .skip_while(|field| field.text != "exec")
            .nth(1)
            .map(|field| field.text.clone())
            .unwrap_or_default();
        let there = State::new(HostId::new(pod), None, None);
        let host = there.host.clone();
        run.on_host(&host, |run| run.invoke(there, after, invoked.input));
    }
    run.print(&Text::unknown("what a cluster answers"));
    done(invoked)
}

fn orchestrator(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let command = invoked
        .arguments
        .iter()
        .find(|field| !field.text.starts_with('-'))
        .map(|field| field.text.clone())
        .unwrap_or_default();
    let looks = matches!(
        command.as_str(),
        "ps" | "logs"
            | "list"
            | "ls"
            | "status"
            | "plan"
            | "show"
            | "version"
            | "get"
            | "config"
            | "validate"
            | "output"
            | "fmt"
            | "top"
            | "images"
            | "template"
            | "search"
            | "info"
    );
    let verb = if looks {
        Verb::ProcessExec
    } else {
        Verb::ConfigChange
    };
    other(run, invoked, verb, &command, invoked.arguments);
    run.print(&Text::unknown(format!("what {} prints", invoked.name)));
    done(invoked)
}
