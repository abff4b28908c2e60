//! Programs that change accounts, keys and rights.

use tribune_evidence::Verb;

use super::finish;
use super::grammar::{Does, Given, Invoked, Row, Value, opt, row};
use crate::deeds::Deed;
use crate::shell::Run;

pub(super) static ROWS: &[Row] = &[
    row(
        &["chmod", "chown", "chgrp", "chcon"],
        "*",
        &[
            opt("--reference", Value::Read),
            opt("--from -t -u --type --user --role", Value::Free),
        ],
        Does::Own(rights),
    ),
    row(
        &["chattr"],
        "*",
        &[opt("-p -v", Value::Free)],
        Does::Own(rights),
    ),
    row(
        &["setfacl"],
        "*",
        &[
            opt("-m -x --modify --remove --set", Value::Free),
            opt(
                "-M -X --modify-file --remove-file --set-file --restore",
                Value::Read,
            ),
        ],
        Does::Each(Verb::UserChange),
    ),
    row(
        &["setcap", "setfattr"],
        "*",
        &[
            opt("-n -v -x --name --value --remove", Value::Free),
            opt("--restore", Value::Read),
        ],
        Does::Own(rights),
    ),
    row(
        &[
            "useradd",
            "adduser",
            "usermod",
            "userdel",
            "deluser",
            "groupadd",
            "groupmod",
            "groupdel",
            "addgroup",
            "delgroup",
            "chsh",
            "chfn",
            "newusers",
            "vipw",
            "vigr",
            "visudo",
            "pwconv",
            "htpasswd",
            "faillock",
            "loginctl",
            "dscl",
            "sysadminctl",
        ],
        "*",
        &[
            opt("-d --home --home-dir", Value::Free),
            opt(
                "-c -e -f -g -G -K -p -s -u -Z --comment --expiredate --inactive --gid --groups --password --shell --uid --gecos --ingroup",
                Value::Free,
            ),
        ],
        Does::Own(accounts),
    ),
    row(
        &["gpasswd"],
        "*",
        &[opt(
            "-a --add -d --delete -M --members -A --administrators",
            Value::Name,
        )],
        Does::Own(accounts),
    ),
    row(
        &["passwd", "chage"],
        "*",
        &[opt(
            "-n -x -w -i -m -M -W -I -E --mindays --maxdays --warndays --inactive",
            Value::Free,
        )],
        Does::Own(accounts),
    ),
    row(&["chpasswd"], "*", &[], Does::Own(passwords)),
    row(
        &["ssh-keygen"],
        "-A -B -e -H -h -i -l -q -v -y -p -c -L -k -Q -u -U -g",
        &[
            opt("-f", Value::Write),
            opt(
                "-b -C -m -N -P -t -a -E -F -I -n -O -V -W -w -z -Z -r -D -M -Y -s",
                Value::Free,
            ),
            opt("-R", Value::Name),
        ],
        Does::Own(keys),
    ),
    row(
        &[
            "ssh-add",
            "ssh-copy-id",
            "gpg",
            "gpg2",
            "gpgconf",
            "pass",
            "keytool",
            "certutil",
            "security",
            "secret-tool",
            "vault",
            "op",
            "age-keygen",
        ],
        "*",
        &[opt(
            "-i -t -o --output -r --recipient -u --local-user -p --port --homedir --passphrase",
            Value::Free,
        )],
        Does::Own(keys),
    ),
    row(
        &["openssl", "age"],
        "*",
        &[
            opt("-out --output -o -keyout", Value::Write),
            opt(
                "-in -inkey -key -cert -CAfile -kfile -pass -i --identity",
                Value::Free,
            ),
            opt("-connect", Value::Host),
        ],
        Does::Own(cipher),
    ),
];

/// Files whose rights are changed: all operands but the first, which says how.
fn rights(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::UserChange);
    // With a reference, every operand is a file; `-x` and `+i` look like options.
    let none = given.has("--reference")
        || matches!(invoked.name, "chattr" | "setfattr")
        || removes(invoked);
    let skip = usize::from(!none);
    for operand in given.operands.iter().skip(skip) {
        if invoked.name == "chattr" && operand.text.starts_with(['+', '=']) {
            continue;
        }
        run.add_file(&mut deed, invoked.state, operand);
    }
    finish(run, deed, Verb::UserChange, invoked, given);
}

/// Whether the mode itself looks like an option, as in `chmod -x file` and `setcap -r file`.
fn removes(invoked: &Invoked<'_>) -> bool {
    let mut before_operand = invoked
        .arguments
        .iter()
        .take_while(|field| field.text.starts_with('-'));
    match invoked.name {
        "chmod" => before_operand.any(|field| {
            let letters = field.text.trim_start_matches('-');
            !field.text.starts_with("--")
                && !letters.is_empty()
                && letters.chars().any(|char| "rwxst".contains(char))
                && letters != "R"
        }),
        "setcap" => before_operand.any(|field| field.text == "-r"),
        _ => false,
    }
}

fn accounts(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::UserChange);
    for operand in &given.operands {
        super::named(&mut deed, operand);
        if operand.text.contains('/') {
            run.add_file(&mut deed, invoked.state, operand);
        }
    }
    if deed.targets.is_empty() {
        deed.name(invoked.name);
    }
    if invoked.name == "userdel" && given.has("-r --remove")
        || invoked.name == "deluser" && given.has("--remove-home --remove-all-files")
    {
        let mut removed = Deed::new(Verb::FileDelete);
        for operand in &given.operands {
            removed.file(
                &invoked.state.host,
                format!("/home/{}", operand.text.replace('/', "")),
            );
        }
        run.deeds.add(removed);
    }
    finish(run, deed, Verb::UserChange, invoked, given);
}

fn passwords(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::UserChange);
    for line in invoked.input.text.lines().take(64) {
        if let Some((user, _)) = line.split_once(':') {
            deed.name(user.trim());
        }
    }
    if let Some(why) = invoked.input.why() {
        deed.unclear(format!("whose passwords are changed is not known: {why}"));
    }
    if deed.targets.is_empty() {
        deed.name("chpasswd");
    }
    finish(run, deed, Verb::UserChange, invoked, given);
}

fn keys(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::UserChange);
    deed.name(invoked.name);
    for (names, _, field) in &given.values {
        if names
            .split(' ')
            .any(|name| matches!(name, "-o" | "-i" | "-f" | "--output"))
            && !field.text.is_empty()
            && field.text.contains(['/', '.'])
        {
            run.add_file(&mut deed, invoked.state, field);
            if names.starts_with("-f") && field.all().is_some() {
                let mut public = field.clone();
                public.text.push_str(".pub");
                run.add_file(&mut deed, invoked.state, &public);
            }
        }
    }
    for operand in &given.operands {
        if operand.text.contains(['/', '.']) || operand.all().is_none() {
            run.add_file(&mut deed, invoked.state, operand);
        } else {
            deed.name(&operand.text);
        }
        if invoked.name == "ssh-copy-id" {
            let host = operand.text.rsplit('@').next().unwrap_or_default();
            deed.host(host);
        }
        if invoked.name.starts_with("gpg")
            && operand.all().is_some()
            && operand.text.contains(['/', '.'])
        {
            // The result stands beside its source.
            for suffix in [".gpg", ".asc", ".sig"] {
                let mut beside = operand.clone();
                beside.text.push_str(suffix);
                run.add_file(&mut deed, invoked.state, &beside);
            }
        }
    }
    finish(run, deed, Verb::UserChange, invoked, given);
}

fn cipher(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileCopy);
    for (names, _, field) in &given.values {
        if names.starts_with("-in") && field.text.contains(['/', '.']) && !field.text.contains(':')
        {
            run.add_file(&mut deed, invoked.state, field);
        }
    }
    for operand in &given.operands {
        if operand.text.contains(['/', '.']) {
            run.add_file(&mut deed, invoked.state, operand);
        }
    }
    for (names, _, field) in &given.values {
        if names.starts_with("-out") {
            run.add_file(&mut deed, invoked.state, field);
        }
    }
    let verb = if deed.targets.is_empty() {
        Verb::ProcessExec
    } else {
        Verb::FileCopy
    };
    finish(run, deed, verb, invoked, given);
}
