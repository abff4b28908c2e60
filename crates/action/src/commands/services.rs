//! Programs that change services, jobs, processes and the machine.

use tribune_evidence::Verb;

use super::finish;
use super::grammar::{Does, Given, Invoked, Row, Value, given, opt, row};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Run, State, Status, Text};

/// Programs that serve models: who stops one stops its models.
const SERVERS: &[&str] = &[
    "ollama",
    "vllm",
    "llama-server",
    "llama.cpp",
    "llamafile",
    "tritonserver",
    "sglang",
    "text-generation-launcher",
    "text-generation-server",
    "lmstudio",
    "localai",
    "torchserve",
    "mlx_lm",
    "tgi",
];

pub(super) static ROWS: &[Row] = &[
    row(
        &[
            "systemctl",
            "service",
            "supervisorctl",
            "pm2",
            "rc-service",
            "initctl",
            "launchctl",
            "s6-svc",
            "sv",
            "monit",
            "update-rc.d",
            "chkconfig",
        ],
        "*",
        &[
            opt("-H --host", Value::Host),
            opt(
                "-t --type -p --property --state -n -o --lines --output --signal -s --kill-who --job-mode -c",
                Value::Free,
            ),
            opt("--root --image", Value::Free),
        ],
        Does::Own(service),
    ),
    row(
        &["journalctl"],
        "*",
        &[
            opt(
                "-u -n -p -S -U -o --since --until --unit --lines --output --grep -g",
                Value::Free,
            ),
            opt("-D --directory --file", Value::Read),
        ],
        Does::Own(journal),
    ),
    row(
        &["kill", "pkill", "killall", "skill", "xkill", "fuser"],
        "",
        &[],
        Does::Raw(kill),
    ),
    row(
        &["crontab"],
        "-l -e -r -i",
        &[opt("-u", Value::Name)],
        Does::Own(crontab),
    ),
    row(
        &["at", "batch"],
        "*",
        &[opt("-f", Value::Unclear), opt("-q -t", Value::Free)],
        Does::Own(later),
    ),
    row(
        &[
            "atrm",
            "atq",
            "anacron",
            "swapon",
            "swapoff",
            "mkswap",
            "mkfs",
            "mkfs.ext4",
            "mkfs.xfs",
            "fdisk",
            "parted",
            "sfdisk",
            "wipefs",
            "losetup",
            "cryptsetup",
            "lvremove",
            "vgremove",
            "pvremove",
            "zfs",
            "zpool",
            "btrfs",
            "e2fsck",
            "fsck",
            "tune2fs",
            "resize2fs",
            "blkdiscard",
            "hdparm",
            "debugfs",
        ],
        "*",
        &[],
        Does::Own(machine),
    ),
    row(
        &[
            "sysctl",
            "modprobe",
            "insmod",
            "rmmod",
            "depmod",
            "iptables",
            "ip6tables",
            "nft",
            "ufw",
            "firewall-cmd",
            "tc",
            "ip",
            "hostnamectl",
            "timedatectl",
            "localectl",
            "hwclock",
            "setenforce",
            "semanage",
            "aa-disable",
            "apparmor_parser",
            "auditctl",
            "augenrules",
            "ldconfig",
            "update-alternatives",
            "dpkg-reconfigure",
            "debconf-set-selections",
            "defaults",
            "gsettings",
            "dconf",
            "xattr",
            "spctl",
            "csrutil",
            "hostname",
            "domainname",
            "logrotate",
            "systemd-tmpfiles",
            "grub-install",
            "update-grub",
            "bootctl",
            "efibootmgr",
        ],
        "*",
        &[],
        Does::Own(machine),
    ),
    row(
        &[
            "reboot",
            "shutdown",
            "halt",
            "poweroff",
            "init",
            "telinit",
            "pm-suspend",
        ],
        "*",
        &[],
        Does::Own(machine),
    ),
    row(
        &["mount", "umount"],
        "*",
        &[opt("-t -o --types --options -O", Value::Free)],
        Does::Own(mount),
    ),
    row(&["tmux", "screen"], "", &[], Does::Raw(multiplexer)),
    row(
        &["ollama"],
        "*",
        &[opt("-f --file", Value::Read)],
        Does::Own(ollama),
    ),
];

fn stopped_server(run: &mut Run<'_>, name: &str) {
    let plain = name.trim_end_matches(".service");
    if SERVERS.contains(&plain)
        || SERVERS
            .iter()
            .any(|server| server.len() > 3 && plain.contains(server))
    {
        let mut deed = Deed::new(Verb::ModelStop);
        deed.name(plain);
        run.deeds.add(deed);
    }
}

fn service(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let words: Vec<&str> = given
        .operands
        .iter()
        .map(|field| field.text.as_str())
        .collect();
    let looks = words.iter().any(|word| {
        matches!(
            *word,
            "status"
                | "list-units"
                | "list-unit-files"
                | "show"
                | "cat"
                | "is-active"
                | "is-enabled"
                | "is-failed"
                | "list"
                | "ls"
                | "logs"
                | "list-timers"
                | "list-jobs"
                | "info"
                | "describe"
                | "help"
                | "avail"
                | "print"
                | "list-dependencies"
                | "get-default"
        )
    }) || given.has("--status-all --version --help");
    let verb = if looks || words.is_empty() {
        Verb::ProcessExec
    } else {
        Verb::ConfigChange
    };
    let stops = words.iter().any(|word| {
        matches!(
            *word,
            "stop"
                | "disable"
                | "mask"
                | "kill"
                | "delete"
                | "restart"
                | "unload"
                | "bootout"
                | "remove"
                | "down"
        )
    });
    let mut deed = Deed::new(verb);
    deed.name(invoked.name);
    for operand in &given.operands {
        super::named(&mut deed, operand);
        if operand.text.contains('/') {
            run.add_file(&mut deed, invoked.state, operand);
        }
        if stops {
            stopped_server(run, &operand.text);
        }
    }
    finish(run, deed, verb, invoked, given);
}

fn journal(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let removes = invoked.arguments.iter().any(|field| {
        ["--vacuum", "--rotate", "--flush", "--relinquish"]
            .iter()
            .any(|start| field.text.starts_with(start))
    });
    let verb = if removes {
        Verb::LogWrite
    } else {
        Verb::FileRead
    };
    let mut deed = Deed::new(verb);
    deed.file(&invoked.state.host, "/var/log/journal");
    finish(run, deed, verb, invoked, given);
}

/// Who is signalled. Signals look like options, so that options are told by what takes a value.
fn kill(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let mut deed = Deed::running(invoked.name);
    let mut skips = false;
    for argument in invoked.arguments {
        let text = argument.text.as_str();
        if std::mem::take(&mut skips) && argument.all().is_some() {
            continue;
        }
        if text.starts_with('-') && text.len() > 1 && argument.all().is_some() {
            skips = matches!(
                text,
                "-s" | "--signal"
                    | "-u"
                    | "--user"
                    | "-U"
                    | "-G"
                    | "-g"
                    | "-t"
                    | "-P"
                    | "-F"
                    | "--pidfile"
            );
            // A group of processes is a number after a dash.
            if text[1..].bytes().all(|byte| byte.is_ascii_digit()) && text.len() > 3 {
                deed.name(text);
            }
            continue;
        }
        super::named(&mut deed, argument);
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            stopped_server(run, text);
        }
        if invoked.name == "fuser" && text.contains('/') {
            run.add_file(&mut deed, invoked.state, argument);
        }
    }
    run.deeds.add(deed);
    None
}

/// Commands that run later are deeds of now.
fn crontab(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::ConfigChange);
    if given.has("-l") {
        deed.verb = Verb::ProcessExec;
    }
    deed.name("crontab");
    let mut texts = Vec::new();
    for operand in &given.operands {
        if operand.text == "-" {
            texts.push(invoked.input.clone());
        } else {
            run.add_file(&mut deed, invoked.state, operand);
            texts.push(run.holds(invoked.state, operand));
        }
    }
    if given.operands.is_empty() && !given.has("-l -r") {
        if given.has("-e") {
            deed.unclear("jobs are edited by hand");
        } else {
            texts.push(invoked.input.clone());
        }
    }
    for text in texts {
        if let Some(why) = text.why() {
            deed.unclear(format!("which jobs are set is not known: {why}"));
        }
        for line in text.text.lines().take(64) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fields = if line.starts_with('@') { 1 } else { 5 };
            let mut rest = line;
            for _ in 0..fields {
                rest = rest
                    .split_once(char::is_whitespace)
                    .map_or("", |(_, rest)| rest.trim_start());
            }
            let mut there = invoked.state.clone();
            there.folder.clone_from(&there.home);
            run.commands_in(vec![there], &Text::known(rest), &Text::default());
        }
    }
    let verb = deed.verb;
    finish(run, deed, verb, invoked, given);
}

fn later(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::ConfigChange);
    deed.name(invoked.name);
    run.commands_in(vec![invoked.state.clone()], invoked.input, &Text::default());
    finish(run, deed, Verb::ConfigChange, invoked, given);
}

fn machine(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    // `ip` and `hostname` mostly look; what they are told decides nothing that can be undone here.
    let looks = match invoked.name {
        "ip" => {
            given.operands.is_empty()
                || given
                    .operands
                    .iter()
                    .any(|field| matches!(field.text.as_str(), "show" | "list" | "ls"))
                || given.operands.len() == 1
        }
        "hostname" | "hostnamectl" | "timedatectl" | "localectl" => {
            given.operands.is_empty() || given.operands.iter().any(|field| field.text == "status")
        }
        "sysctl" => !invoked.arguments.iter().any(|field| {
            field.text.contains('=') || field.text.starts_with("-w") || field.text.starts_with("-p")
        }),
        "atq" => true,
        _ => false,
    };
    let verb = if looks {
        Verb::ProcessExec
    } else {
        Verb::ConfigChange
    };
    let mut deed = Deed::new(verb);
    deed.name(invoked.name);
    run.possible(&mut deed, invoked.state, &given.operands);
    for operand in &given.operands {
        if !operand.text.contains('/') {
            deed.name(&operand.text);
        }
    }
    if matches!(
        invoked.name,
        "reboot" | "shutdown" | "halt" | "poweroff" | "init"
    ) {
        deed.host(invoked.state.host.as_str());
    }
    finish(run, deed, verb, invoked, given);
}

fn mount(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let verb = if given.operands.is_empty() {
        Verb::ProcessExec
    } else {
        Verb::ConfigChange
    };
    let mut deed = Deed::new(verb);
    let mut paths = Vec::new();
    for operand in &given.operands {
        let found = run.add_file(&mut deed, invoked.state, operand);
        paths.push(found);
    }
    deed.name(invoked.name);
    if let ("mount", [from, to]) = (invoked.name, paths.as_slice()) {
        for (from, to) in from
            .iter()
            .flat_map(|from| to.iter().map(move |to| (from, to)))
        {
            run.memory.link(to, from);
        }
    }
    finish(run, deed, verb, invoked, given);
}

/// Windows of a terminal: what is typed into one runs in a shell that nobody here follows.
fn multiplexer(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let mut deed = Deed::running(invoked.name);
    let looks = invoked.arguments.first().is_some_and(|field| {
        matches!(
            field.text.as_str(),
            "ls" | "list-sessions"
                | "has-session"
                | "capture-pane"
                | "kill-session"
                | "-ls"
                | "-list"
                | "display-message"
                | "list-windows"
                | "list-panes"
        )
    });
    if !looks {
        deed.unclear(format!(
            "commands run in a shell that {} holds",
            invoked.name
        ));
        for argument in invoked.arguments {
            if argument.text.contains(' ') {
                run.hidden(
                    invoked.state,
                    &argument.text,
                    "commands are typed into another shell",
                );
            }
        }
        let words = invoked
            .arguments
            .iter()
            .position(|field| crate::commands::find(&field.text).is_some());
        if let Some(at) = words {
            let state = invoked.state.clone();
            let rest = invoked.arguments[at..].to_vec();
            run.unclear_within("commands are typed into another shell", |run| {
                run.invoke(state, &rest, &Text::default())
            });
        }
    }
    run.possible(&mut deed, invoked.state, invoked.arguments);
    run.deeds.add(deed);
    Some(vec![State {
        status: Status::Unknown,
        ..invoked.state.clone()
    }])
}

fn ollama(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut words = given.operands.iter();
    let command = words
        .next()
        .map(|field| field.text.clone())
        .unwrap_or_default();
    let verb = match command.as_str() {
        "rm" => Verb::ModelDelete,
        "stop" => Verb::ModelStop,
        "serve" | "pull" | "create" => Verb::ModelDeploy,
        "run" => Verb::ModelEvaluate,
        "cp" | "push" => Verb::FileCopy,
        _ => Verb::ProcessExec,
    };
    let mut deed = Deed::new(verb);
    let last = if command == "run" { 1 } else { usize::MAX };
    for word in words.take(last) {
        super::named(&mut deed, word);
        if let Some(text) = word
            .all()
            .filter(|text| text.contains('/') && text.starts_with(['/', '.', '~']))
        {
            let path = text.to_owned();
            run.add_path(&mut deed, invoked.state, &path);
        }
    }
    if matches!(command.as_str(), "push" | "pull") {
        deed.host("registry.ollama.ai");
    }
    if deed.targets.is_empty() {
        deed.name("ollama");
    }
    run.print(&Text::unknown("what a model answers"));
    finish(run, deed, verb, invoked, given);
}

/// For programs whose arguments are read by the same rules elsewhere.
pub(super) fn operands(invoked: &Invoked<'_>) -> Given {
    given(&[], "*", invoked.arguments, false).0
}

/// A path as it stands on a host, without a folder to start from.
pub(super) fn absolute(path: &str) -> String {
    path::normal("/", path)
}
