//! Programs that reach other hosts.

use tribune_evidence::Verb;

use super::finish;
use super::grammar::{Does, Given, Invoked, Row, Value, opt, row};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Run, State, Text};

pub(super) static ROWS: &[Row] = &[
    row(
        &["curl"],
        "-s -S -L -f -i -I -k -v -g -O -J -R -N -a -p -q -G -n -l -j -B -0 -1 -2 -3 -4 -6 -# -Z --silent --show-error --location --fail --include --head --insecure --verbose --globoff --remote-name --remote-header-name --remote-name-all --compressed --get --http1.1 --http2 --http3 --no-buffer --ipv4 --ipv6 --progress-bar --no-progress-meter --parallel --location-trusted --fail-with-body --create-dirs --retry-all-errors --retry-connrefused --netrc --basic --digest --anyauth --ssl-reqd --tcp-nodelay --path-as-is --raw --crlf --append --disable --no-keepalive --remote-time --styled-output --no-sessionid --tlsv1.2 --tlsv1.3 --ssl --post301 --post302 --post303",
        &[
            opt("-o --output", Value::Write),
            opt("--output-dir", Value::Into),
            opt("-T --upload-file", Value::Free),
            opt(
                "-d --data --data-ascii --data-binary --data-raw --data-urlencode --json",
                Value::Free,
            ),
            opt("-F --form --form-string", Value::Free),
            opt(
                "-x --proxy --preproxy --socks5 --socks5-hostname --socks4 --socks4a --doh-url --connect-to --resolve",
                Value::Host,
            ),
            opt("-K --config", Value::Unclear),
            opt(
                "-c --cookie-jar -D --dump-header --trace --trace-ascii --stderr --etag-save --libcurl --hsts --alt-svc",
                Value::Write,
            ),
            opt(
                "--cacert --cert -E --key --netrc-file --etag-compare --capath --proxy-cacert",
                Value::Read,
            ),
            opt("-b --cookie", Value::Free),
            opt("--url", Value::Free),
            opt(
                "-X --request -H --header -A --user-agent -e --referer -u --user -m --max-time --connect-timeout --retry --retry-delay --retry-max-time -r --range -w --write-out -C --continue-at --limit-rate -y -Y --max-redirs --proto --proto-default --proto-redir --interface --local-port --proxy-user -U --ciphers --tls-max --oauth2-bearer --parallel-max -z --time-cond --max-filesize -Q --quote --dns-servers --aws-sigv4 --keepalive-time --expect100-timeout --cert-type --key-type --pass --request-target --url-query --variable --rate -t --telnet-option",
                Value::Free,
            ),
            opt("--unix-socket --abstract-unix-socket", Value::Read),
        ],
        Does::Own(curl),
    ),
    row(
        &["wget", "wget2"],
        "-q -v -nv -c -N -S -r -p -k -m -E -H -L -np -nc -nd -nH -4 -6 -b -x --quiet --verbose --no-verbose --continue --timestamping --server-response --recursive --page-requisites --convert-links --mirror --no-parent --no-clobber --no-directories --no-check-certificate --spider --show-progress --no-cache --content-disposition --trust-server-names --background --no-host-directories --force-directories --no-cookies --no-proxy --adjust-extension --span-hosts --https-only --delete-after --no-config --no-hsts",
        &[
            opt(
                "-O --output-document -o --output-file -a --append-output --save-cookies --warc-file --rejected-log --hsts-file",
                Value::Write,
            ),
            opt("-P --directory-prefix", Value::Into),
            opt("--post-file --body-file", Value::Free),
            opt(
                "-i --input-file --load-cookies --ca-certificate --certificate --private-key",
                Value::Read,
            ),
            opt("-e --execute --use-askpass --config", Value::Unclear),
            opt(
                "--post-data --body-data --header --user-agent -U --user --password -t --tries -T --timeout -w --wait --waitretry --limit-rate -l --level -A -R -D --accept --reject --domains --method --referer --max-redirect --cut-dirs --connect-timeout --read-timeout --dns-timeout --http-user --http-password --retry-on-http-error --progress -X -I -B --base",
                Value::Free,
            ),
        ],
        Does::Own(wget),
    ),
    row(
        &["nc", "ncat", "netcat"],
        "-l -k -u -v -vv -z -n -4 -6 -d -D -h -N -r -S -t -U -C -b --listen --keep-open --udp --verbose --ssl --send-only --recv-only --no-shutdown",
        &[
            opt("-e -c --exec --sh-exec --lua-exec", Value::Unclear),
            opt("-x --proxy", Value::Host),
            opt(
                "-p --source-port -w --wait -s --source -i --idle-timeout -q -I -O -T -X -V -P -m --max-conns --proxy-type",
                Value::Free,
            ),
            opt("-o --output", Value::Write),
        ],
        Does::Own(connect),
    ),
    row(
        &[
            "telnet",
            "ftp",
            "tftp",
            "lftp",
            "ncftp",
            "mosh",
            "rlogin",
            "rsh",
            "smbclient",
            "redis-cli",
            "mysql",
            "psql",
            "mongosh",
            "mongo",
        ],
        "*",
        &[
            opt("-e -c -f --eval --command --execute --file", Value::Unclear),
            opt("-h --host", Value::Host),
            opt(
                "-p -u -U -P -d --port --user --username --dbname",
                Value::Free,
            ),
        ],
        Does::Own(connect),
    ),
    row(&["socat"], "*", &[], Does::Own(socat)),
    row(
        &[
            "ping",
            "ping6",
            "dig",
            "nslookup",
            "host",
            "traceroute",
            "tracepath",
            "mtr",
            "whois",
            "nmap",
            "arping",
            "fping",
        ],
        "*",
        &[
            opt("-c -i -s -t -w -W -p -m -I -Q", Value::Free),
            opt("-o -oN -oX -oG -oA", Value::Write),
            opt("-iL -f", Value::Read),
        ],
        Does::Own(lookup),
    ),
    row(
        &[
            "mail",
            "mailx",
            "sendmail",
            "mutt",
            "msmtp",
            "swaks",
            "write",
            "wall",
            "notify-send",
        ],
        "*",
        &[
            opt("-a -A --attach", Value::Read),
            opt("-s -c -b -r -f --subject", Value::Free),
        ],
        Does::Own(mail),
    ),
    row(
        &[
            "ss", "netstat", "ifconfig", "route", "arp", "iwconfig", "nethogs", "iftop",
        ],
        "*",
        &[],
        Does::Nothing,
    ),
    row(
        &["tcpdump", "tshark"],
        "*",
        &[
            opt("-w", Value::Write),
            opt("-z --postrotate-command", Value::Unclear),
            opt("-r", Value::Read),
            opt("-i -c -s", Value::Free),
        ],
        Does::Nothing,
    ),
];

/// Adds the host of an address, or of a word that is a host.
pub(super) fn host(deed: &mut Deed, field: &Field) {
    if let Some(why) = field.why() {
        deed.unclear(format!("which host is meant is not known: {why}"));
    }
    let text = field.text.as_str();
    if let Some((host, _)) = path::address(text) {
        deed.host(&host);
        return;
    }
    if let Some(host) = path::host_of(text.trim_start_matches('/')) {
        deed.host(&host);
    }
}

/// An address as `curl` takes it: the scheme may be left out.
fn address(run: &mut Run<'_>, state: &State, deed: &mut Deed, field: &Field) {
    if let Some(rest) = field.text.strip_prefix("file://") {
        let mut read = Deed::new(Verb::FileRead);
        let at = rest.find('/').unwrap_or(0) + 7;
        run.add_file(&mut read, state, &field.after(at));
        run.deeds.add(read);
        return;
    }
    host(deed, field);
    deed.name(&field.text);
}

/// What of a file goes out: a copy of it on the other host.
fn uploads(run: &mut Run<'_>, invoked: &Invoked<'_>, files: &[Field], to: &Deed) {
    if files.is_empty() {
        return;
    }
    let mut deed = Deed::new(Verb::FileCopy);
    for file in files {
        if file.text != "-" && file.text != "." {
            run.add_file(&mut deed, invoked.state, file);
        }
    }
    if deed.targets.is_empty() && deed.opaque.is_none() {
        return;
    }
    for target in &to.targets {
        if matches!(target, tribune_evidence::Target::Host(_)) {
            deed.target(target.clone());
        }
    }
    if let Some(why) = &to.opaque {
        deed.unclear(why);
    }
    run.deeds.add(deed);
}

fn curl(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let state = invoked.state;
    let mut deed = Deed::new(Verb::NetRequest);
    let mut files = Vec::new();
    let mut names = Vec::new();
    for (names_of, _, field) in &given.values {
        match *names_of {
            "--url" => {
                address(run, state, &mut deed, field);
                names.push(field.clone());
            }
            "-T --upload-file" => files.push(field.clone()),
            names_of if names_of.starts_with("-d ") => {
                // `@file` is the file's content; `name@file` where it is encoded.
                if let Some(at) = field.text.find('@')
                    && (at == 0 || (at > 0 && !field.text[..at].contains(['{', '"', ' ', '='])))
                {
                    files.push(field.after(at + 1));
                }
            }
            names_of if names_of.starts_with("-F ") => {
                if let Some(at) = field.text.find("=@").or_else(|| field.text.find("=<")) {
                    let mut file = field.after(at + 2);
                    let end = file.text.find([';', ',']).unwrap_or(file.text.len());
                    file.text.truncate(end);
                    files.push(file);
                }
            }
            names_of
                if names_of.starts_with("-b ")
                    && !field.text.contains('=')
                    && !field.text.is_empty() =>
            {
                let mut read = Deed::new(Verb::FileRead);
                run.add_file(&mut read, state, field);
                run.deeds.add(read);
            }
            _ => {}
        }
    }
    for operand in &given.operands {
        address(run, state, &mut deed, operand);
        names.push(operand.clone());
    }
    uploads(run, invoked, &files, &deed);
    if given.has("-O --remote-name --remote-name-all -J") {
        let folder = given
            .values
            .iter()
            .find(|(_, value, _)| *value == Value::Into)
            .map_or_else(|| Field::known("."), |(.., folder)| folder.clone());
        let mut written = Deed::new(Verb::FileWrite);
        for name in &names {
            let last = name
                .text
                .split(['?', '#'])
                .next()
                .and_then(|text| text.rsplit('/').next())
                .unwrap_or_default();
            let file = Field::known(format!("{}/{last}", folder.text));
            run.add_file(&mut written, state, &file);
        }
        if given.has("-J --remote-header-name") {
            run.add_file(&mut written, state, &folder);
        }
        finish(run, written, Verb::FileWrite, invoked, given);
    }
    if deed.targets.is_empty() && given.operands.is_empty() && names.is_empty() {
        finish(run, deed, Verb::ProcessExec, invoked, given);
        return;
    }
    run.print(&Text::unknown("what a host answers"));
    finish(run, deed, Verb::NetRequest, invoked, given);
}

fn wget(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let state = invoked.state;
    let mut deed = Deed::new(Verb::NetRequest);
    for operand in &given.operands {
        address(run, state, &mut deed, operand);
    }
    let files: Vec<Field> = given
        .values
        .iter()
        .filter(|(names, ..)| names.starts_with("--post-file"))
        .map(|(.., field)| field.clone())
        .collect();
    uploads(run, invoked, &files, &deed);
    let named = given
        .values
        .iter()
        .any(|(names, ..)| names.starts_with("-O "));
    if !named && !given.has("--spider") && !given.operands.is_empty() {
        let folder = given
            .values
            .iter()
            .find(|(_, value, _)| *value == Value::Into)
            .map_or_else(|| Field::known("."), |(.., folder)| folder.clone());
        let mut written = Deed::new(Verb::FileWrite);
        run.add_file(&mut written, state, &folder);
        for operand in &given.operands {
            let last = operand
                .text
                .split(['?', '#'])
                .next()
                .and_then(|text| text.rsplit('/').next())
                .unwrap_or_default();
            if !last.is_empty() {
                run.add_file(
                    &mut written,
                    state,
                    &Field::known(format!("{}/{last}", folder.text)),
                );
            }
        }
        finish(run, written, Verb::FileWrite, invoked, given);
    }
    if given
        .values
        .iter()
        .any(|(names, ..)| names.starts_with("-i "))
    {
        deed.unclear("the addresses are in a file");
    }
    run.print(&Text::unknown("what a host answers"));
    finish(run, deed, Verb::NetRequest, invoked, given);
}

fn connect(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::NetConnect);
    if let Some(first) = given.operands.first() {
        let mut named = first.clone();
        named.text = named.text.rsplit('@').next().unwrap_or_default().to_owned();
        host(&mut deed, &named);
    }
    if given.has("-l --listen") {
        deed.name("listens");
        deed.host(invoked.state.host.as_str());
    }
    for operand in &given.operands {
        deed.name(&operand.text);
    }
    run.print(&Text::unknown("what a host sends"));
    finish(run, deed, Verb::NetConnect, invoked, given);
}

fn socat(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::NetConnect);
    for operand in &given.operands {
        let text = operand.text.to_lowercase();
        if text.starts_with("exec:") || text.starts_with("system:") || text.starts_with("shell:") {
            deed.unclear("socat ties a connection to a program");
            run.hidden(
                invoked.state,
                operand
                    .text
                    .split_once(':')
                    .map_or("", |(_, command)| command),
                "socat runs commands",
            );
        } else if let Some((_, rest)) = operand.text.split_once(':') {
            if text.starts_with("tcp")
                || text.starts_with("udp")
                || text.starts_with("ssl")
                || text.starts_with("openssl")
                || text.starts_with("socks")
                || text.starts_with("proxy")
            {
                if !text.contains("listen") {
                    host(&mut deed, &Field::known(rest));
                }
            } else {
                let end = rest.split(',').next().unwrap_or(rest);
                run.add_path(&mut deed, invoked.state, end);
            }
        }
        deed.name(&operand.text);
    }
    finish(run, deed, Verb::NetConnect, invoked, given);
}

fn lookup(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::NetRequest);
    for operand in given
        .operands
        .iter()
        .filter(|field| !field.text.starts_with('+'))
    {
        let mut named = operand.clone();
        named.text = named.text.trim_start_matches('@').to_owned();
        host(&mut deed, &named);
    }
    finish(run, deed, Verb::NetRequest, invoked, given);
}

fn mail(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::MessageSend);
    for operand in &given.operands {
        deed.name(&operand.text);
    }
    let files: Vec<Field> = given
        .values
        .iter()
        .filter(|(_, value, _)| *value == Value::Read)
        .map(|(.., field)| field.clone())
        .collect();
    for file in &files {
        run.add_file(&mut deed, invoked.state, file);
    }
    finish(run, deed, Verb::MessageSend, invoked, given);
}
