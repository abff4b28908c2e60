//! Programs that look: at files, folders, texts and the machine. Those of their options that write
//! or run something are named; all others change nothing that is touched.

use tribune_evidence::Verb;

use super::finish;
use super::grammar::{Does, Given, Invoked, Prints, Row, Value, opt, row};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Hole, Run, State, Text};

pub(super) static ROWS: &[Row] = &[
    row(&["cat", "tac", "rev", "nl", "pr", "fold", "fmt", "expand", "unexpand", "zcat", "bzcat", "xzcat", "zstdcat", "bat"], "*", &[], Does::Own(read_and_print)).prints(Prints::Itself),
    row(
        &["head", "tail"],
        "*",
        &[opt("-n --lines", Value::Free), opt("-c --bytes", Value::Free), opt("-s --sleep-interval", Value::Free), opt("--pid", Value::Free)],
        Does::Own(read_and_print),
    )
    .prints(Prints::Itself),
    row(&["less", "more", "zless", "most"], "*", &[opt("-o -O --log-file", Value::Write), opt("-p -P -k -t -x", Value::Free)], Does::Each(Verb::FileRead)).prints(Prints::Input),
    row(
        &["wc", "cksum", "md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "b3sum", "sum", "shasum", "md5", "file", "strings", "od", "hexdump", "hd", "column", "cmp", "comm", "join", "paste", "diff", "sdiff", "colordiff", "cloc", "tokei", "size", "nm", "readelf", "objdump", "ldd", "exiftool", "identify", "ffprobe", "jsonlint", "xmllint", "iconv"],
        "*",
        &[
            opt("--files0-from", Value::Read),
            opt("-f --format-file --from-file --to-file", Value::Read),
            opt("-o --output", Value::Write),
            opt("--exclude --include -e -n -N -w -s -m -d -t --delimiters --label -U --unified --algorithm", Value::Free),
        ],
        Does::Each(Verb::FileRead),
    ),
    row(
        &["sort", "shuf"],
        "*",
        &[
            opt("-o --output", Value::Write),
            opt("-T --temporary-directory", Value::Free),
            opt("-k --key -t --field-separator -S --buffer-size --parallel --batch-size -n --head-count -i --input-range", Value::Free),
            opt("--compress-program", Value::Commands),
            opt("--files0-from --random-source", Value::Read),
        ],
        Does::Own(read_and_print),
    )
    .prints(Prints::Itself),
    row(&["uniq"], "*", &[opt("-f -s -w --skip-fields --skip-chars --check-chars", Value::Free)], Does::Own(second_is_written)).prints(Prints::Input),
    row(
        &["cut"],
        "*",
        &[opt("-d --delimiter -f --fields -c --characters -b --bytes --output-delimiter", Value::Free)],
        Does::Each(Verb::FileRead),
    )
    .prints(Prints::Input),
    row(&["tr"], "*", &[], Does::Nothing).prints(Prints::Input),
    row(
        &["grep", "egrep", "fgrep", "zgrep", "rgrep", "rg", "ag", "ack", "ugrep", "pcregrep"],
        "*",
        &[
            opt("-f --file", Value::Read),
            opt("-e --regexp", Value::Free),
            opt("--pre", Value::Commands),
            opt("--ignore-file --exclude-from", Value::Read),
            opt("-A -B -C -m -g -t -T -M -j -r --after-context --before-context --context --max-count --include --exclude --exclude-dir --glob --iglob --type --type-not --max-depth --max-columns --sort --sortr --replace --color --colors --colour --threads --encoding --label --binary-files", Value::Free),
        ],
        Does::Own(grep),
    )
    .prints(Prints::Itself),
    row(&["ls", "dir", "vdir", "exa", "eza", "lsd"], "*", &[opt("-I -T -w --ignore --hide --sort --time --time-style --width --block-size --level", Value::Free)], Does::Own(list)).prints(Prints::Itself),
    row(&["tree"], "*", &[opt("-o", Value::Write), opt("-L -P -I --filelimit --charset --timefmt", Value::Free), opt("--fromfile", Value::Read)], Does::Each(Verb::FileList)).here(),
    row(&["du", "df", "stat", "lsblk", "findmnt", "mountpoint", "namei"], "*", &[opt("-d -c -f -t -B --max-depth --format --printf --output --exclude --threshold --block-size", Value::Free), opt("--files0-from -X --exclude-from", Value::Read)], Does::Each(Verb::FileList)),
    row(&["realpath", "readlink"], "*", &[opt("--relative-to --relative-base", Value::Free)], Does::Own(real)).prints(Prints::Itself),
    row(&["basename", "dirname"], "*", &[opt("-s --suffix", Value::Free)], Does::Own(part_of_path)).prints(Prints::Itself),
    row(&["locate", "mlocate", "plocate", "fdfind", "whereis", "which"], "*", &[], Does::Nothing),
    row(&["getfacl", "lsattr", "getfattr", "getcap"], "*", &[], Does::Each(Verb::FileList)),
    row(
        &["xxd"],
        "*",
        &[opt("-c -g -l -s -o -n", Value::Free)],
        Does::Own(xxd),
    )
    .prints(Prints::Itself),
    row(&["base64", "base32", "basenc"], "*", &[opt("-w --wrap -b", Value::Free), opt("-o", Value::Write), opt("-i", Value::Read)], Does::Own(base64)).prints(Prints::Itself),
    row(&["jq", "gojq"], "*", &[opt("-f --from-file", Value::Read), opt("--indent -L", Value::Free)], Does::Own(jq)),
    row(
        &["uname", "arch", "whoami", "id", "groups", "who", "w", "last", "tty", "nproc", "uptime", "free", "vmstat", "iostat", "ps", "pgrep", "pidof", "pstree", "top", "htop", "lsof", "lscpu", "lsmem", "lspci", "lsusb", "nvidia-smi", "printenv", "locale", "getconf", "seq", "sleep", "yes", "factor", "bc", "dc", "expr", "cal", "clear", "reset", "tput", "stty", "logname", "users", "hostid", "dmesg", "man", "info", "apropos", "whatis", "cmake-format", "figlet", "numfmt", "logger"],
        "*",
        &[],
        Does::Own(quiet),
    ),
];

/// Programs of which only that they run is of note.
fn quiet(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    if invoked.name == "logger" {
        let mut deed = Deed::new(Verb::LogWrite);
        deed.host(invoked.state.host.as_str());
        finish(run, deed, Verb::LogWrite, invoked, given);
        return;
    }
    let pager = invoked
        .arguments
        .iter()
        .any(|field| field.text.starts_with("-P") || field.text.starts_with("--pager"));
    let mut deed = Deed::new(Verb::ProcessExec);
    if invoked.name == "man" && pager {
        deed.unclear("man runs a pager of its own");
    }
    finish(run, deed, Verb::ProcessExec, invoked, given);
}

fn files(run: &mut Run<'_>, state: &State, operands: &[Field], verb: Verb) -> Deed {
    let mut deed = Deed::new(verb);
    for operand in operands {
        if operand.text != "-" {
            run.add_file(&mut deed, state, operand);
        }
    }
    deed
}

/// Reads files, or the input, and prints all or some of it.
fn read_and_print(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let whole = invoked.name == "cat" && given.flags.is_empty();
    let mut text = Text::default();
    if given.operands.is_empty() {
        text.add(invoked.input);
    }
    for operand in &given.operands {
        if operand.text == "-" {
            text.add(invoked.input);
        } else {
            text.add(&run.holds(invoked.state, operand));
        }
    }
    if !whole && text.hole.is_none() {
        text.hole = Some(Hole {
            at: 0,
            why: format!("what {} prints", invoked.name).into(),
        });
    }
    run.print(&text);
    let deed = files(run, invoked.state, &given.operands, Verb::FileRead);
    finish(run, deed, Verb::FileRead, invoked, given);
}

fn second_is_written(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let deed = files(
        run,
        invoked.state,
        given.operands.get(..1).unwrap_or_default(),
        Verb::FileRead,
    );
    finish(run, deed, Verb::FileRead, invoked, given);
    if let Some(second) = given.operands.get(1..).filter(|rest| !rest.is_empty()) {
        let deed = files(run, invoked.state, second, Verb::FileWrite);
        super::changed(run, invoked.state, &deed);
        finish(run, deed, Verb::FileWrite, invoked, given);
    }
}

fn grep(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let expressed = given.has("-e --regexp -f --file --files --type-list");
    let operands = if expressed {
        &given.operands[..]
    } else {
        given.operands.get(1..).unwrap_or_default()
    };
    let mut deed = files(run, invoked.state, operands, Verb::FileRead);
    let recursive = given.has("-r -R --recursive --dereference-recursive --files")
        || matches!(invoked.name, "rg" | "ag" | "ack" | "rgrep" | "ugrep");
    let mut text = invoked.input.clone();
    let names = given.has("-l -L --files-with-matches --files-without-match --files");
    if operands.is_empty() && recursive {
        run.add_path(&mut deed, invoked.state, ".");
    }
    if let Some(first) = operands.first().filter(|_| names) {
        text = Text::known(format!("{}/", first.text.trim_end_matches('/')));
        text.hole = Some(Hole {
            at: text.text.len(),
            why: "the files in which something is found".into(),
        });
    }
    if text.hole.is_none() {
        text.hole = Some(Hole {
            at: 0,
            why: "the lines in which something is found".into(),
        });
    }
    run.print(&text);
    finish(run, deed, Verb::FileRead, invoked, given);
}

fn list(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = files(run, invoked.state, &given.operands, Verb::FileList);
    if given.operands.is_empty() {
        run.add_path(&mut deed, invoked.state, ".");
    }
    let operands: Vec<&Field> = given.operands.iter().collect();
    let mut text = Text::default();
    match operands.as_slice() {
        [one] if one.pattern.is_some() && one.hole.is_none() => {
            // What a pattern matches, one a line.
            text.text.clone_from(&one.text);
            text.pattern = one.pattern;
        }
        _ => text.add(&Text::unknown("what a folder holds")),
    }
    run.print(&text);
    finish(run, deed, Verb::FileList, invoked, given);
}

fn real(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let deed = files(run, invoked.state, &given.operands, Verb::FileList);
    if let (Some(one), Some(folder)) = (given.operands.first(), &invoked.state.folder) {
        let mut text = one.to_text();
        if one.all().is_some() {
            let links = run.memory.links();
            let mut readings = path::readings(folder, &one.text, links);
            text.text = readings.pop().unwrap_or_default();
            if !readings.is_empty() {
                text.hole = Some(Hole {
                    at: 0,
                    why: "where a link leads".into(),
                });
            }
        }
        text.add_str("\n");
        run.print(&text);
    } else {
        run.print(&Text::unknown("where a path leads"));
    }
    finish(run, deed, Verb::FileList, invoked, given);
}

fn part_of_path(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut text = Text::default();
    let many = given.has("-a --multiple") || invoked.name == "dirname";
    let names = if many {
        &given.operands[..]
    } else {
        given.operands.get(..1).unwrap_or_default()
    };
    for operand in names {
        let whole = operand.text.trim_end_matches('/');
        let mut part = match (invoked.name, whole.rfind('/')) {
            ("dirname", Some(0)) => "/".to_owned(),
            ("dirname", Some(at)) => whole[..at].trim_end_matches('/').to_owned(),
            ("dirname", None) => ".".to_owned(),
            (_, at) => whole[at.map_or(0, |at| at + 1)..].to_owned(),
        };
        if let (false, Some(suffix)) = (many, given.operands.get(1)) {
            part = part
                .strip_suffix(suffix.text.as_str())
                .unwrap_or(&part)
                .to_owned();
        }
        let kept = operand
            .pattern
            .filter(|_| operand.hole.is_none())
            .and_then(|at| crate::shell::still_matches(&operand.text, at, &part));
        if let Some(pattern) = kept {
            text.pattern = text.pattern.or(pattern.map(|at| text.text.len() + at));
        }
        text.add_str(&part);
        if let (None, Some(why)) = (kept, operand.why()) {
            let at = if invoked.name == "dirname" {
                text.text.len()
            } else {
                0
            };
            if text.hole.is_none() {
                text.hole = Some(Hole {
                    at,
                    why: why.into(),
                });
            }
        }
        text.add_str("\n");
    }
    run.print(&text);
    finish(
        run,
        Deed::new(Verb::ProcessExec),
        Verb::ProcessExec,
        invoked,
        given,
    );
}

fn xxd(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let reverse = given.has("-r --revert");
    let source = match given.operands.first() {
        Some(file) => run.holds(invoked.state, file),
        None => invoked.input.clone(),
    };
    let mut text = Text::unknown("what xxd prints");
    if reverse
        && given.has("-p -P --plain --ps --postscript")
        && let Some(known) = source.all()
    {
        let digits: String = known.chars().filter(char::is_ascii_hexdigit).collect();
        let bytes: Vec<u8> = digits
            .as_bytes()
            .chunks_exact(2)
            .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        text = Text::known(String::from_utf8_lossy(&bytes));
    }
    let sink = given.operands.get(1);
    match sink {
        Some(_) => second_is_written(run, invoked, given),
        None => {
            run.print(&text);
            let deed = files(run, invoked.state, &given.operands, Verb::FileRead);
            finish(run, deed, Verb::FileRead, invoked, given);
        }
    }
}

fn base64(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    use base64::Engine as _;
    use base64::alphabet::STANDARD;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let source = match given.operands.first().filter(|field| field.text != "-") {
        Some(file) => run.holds(invoked.state, file),
        None => invoked.input.clone(),
    };
    let decodes = given.has("-d -D --decode");
    let mut text = Text::unknown(format!("what {} makes of its input", invoked.name));
    if invoked.name == "base64" {
        let config = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&STANDARD, config);
        let known: String = source
            .text
            .chars()
            .filter(|char| !char.is_whitespace())
            .collect();
        if decodes {
            // What can be decoded is kept even where more may follow.
            if let Ok(bytes) = engine.decode(known.as_bytes()) {
                text = Text::known(String::from_utf8_lossy(&bytes));
                if let Some(why) = source.why() {
                    text.hole = Some(Hole { at: 0, why });
                }
            }
        } else if let Some(all) = source.all() {
            text = Text::known(engine.encode(all.as_bytes()));
        }
    }
    run.print(&text);
    let deed = files(run, invoked.state, &given.operands, Verb::FileRead);
    finish(run, deed, Verb::FileRead, invoked, given);
}

fn jq(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut operands = given.operands.clone();
    if !given.has("-f --from-file") && !operands.is_empty() {
        operands.remove(0);
    }
    let deed = files(run, invoked.state, &operands, Verb::FileRead);
    finish(run, deed, Verb::FileRead, invoked, given);
}
