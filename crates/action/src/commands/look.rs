//! Programs that look: at files, folders, texts and the machine. Those of their options that write
//! or run something are named; all others change nothing that is touched.

use tribune_evidence::Verb;

use super::finish;
use super::grammar::{Does, Given, Invoked, Prints, Row, Value, given, opt, row};
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
    row(&["awk", "gawk", "mawk", "nawk"], "", &[], Does::Raw(awk)),
    row(
        &["date"],
        "*",
        &[opt("-d --date -I --iso-8601 --rfc-3339", Value::Free), opt("-f --file -r --reference", Value::Read), opt("-s --set", Value::Unclear)],
        Does::Nothing,
    ),
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

/// Words of awk by which a program does more than read.
const AWK_ACTS: &[&str] = &[
    "system", "getline", "|", ">", "@load", "@include", "close(", "ENVIRON",
];

pub(super) fn awk(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[super::grammar::Opt] = &[
        opt("-F --field-separator", Value::Free),
        opt("-v --assign", Value::Free),
        opt("-f --file --include -i --load -l", Value::Unclear),
        opt("-e --source", Value::Unclear),
    ];
    let (given, _) = given(
        OPTIONS,
        "-b -c -C -d -D -g -h -L -M -n -N -o -O -p -P -r -s -S -t -V --sandbox --posix --traditional --re-interval --",
        invoked.arguments,
        false,
    );
    let mut given = given;
    super::options(run, invoked, &given);
    let programmed = given.has("-f --file -e --source --include -i --load -l");
    let mut program = String::new();
    if !programmed && !given.operands.is_empty() {
        let first = given.operands.remove(0);
        if let Some(why) = first.why().filter(|_| first.hole.is_some()) {
            given.unclear = Some(format!("its program is not known: {why}"));
        }
        program = first.text;
    }
    let mut deed = Deed::new(Verb::FileRead);
    // Comparisons with `>` outside of print statements are common: only what prints can write.
    let writes = AWK_ACTS.iter().any(|act| match *act {
        ">" => redirects(&program),
        "|" => {
            program.replace("||", "").contains('|')
                && (program.contains("print")
                    || program.contains("getline")
                    || program.contains('"'))
        }
        act => program.contains(act),
    });
    if writes {
        deed.unclear("the program of awk may write files or run commands");
        deed.name("awk");
        run.readable(&mut deed, invoked.state, &program);
        for text in quoted_texts(&program) {
            if text.contains(' ') {
                run.hidden(
                    invoked.state,
                    &text,
                    "a text in the program of awk may be commands",
                );
            }
        }
    }
    let operands: Vec<Field> = given
        .operands
        .iter()
        .filter(|field| field.text.contains('/') || !field.text.contains('='))
        .cloned()
        .collect();
    for operand in operands {
        if operand.text != "-" {
            run.add_file(&mut deed, invoked.state, &operand);
        }
    }
    let mut text = invoked.input.clone();
    text.hole = Some(Hole {
        at: 0,
        why: "what awk prints".into(),
    });
    run.print(&text);
    let verb = if writes {
        Verb::ProcessExec
    } else {
        Verb::FileRead
    };
    finish(run, deed, verb, invoked, &given);
    Some(vec![State {
        status: crate::shell::Status::Unknown,
        ..invoked.state.clone()
    }])
}

/// Whether a statement that prints goes to a file. A comparison elsewhere is none.
fn redirects(program: &str) -> bool {
    program.split([';', '}', '\n']).any(|statement| {
        statement
            .find("print")
            .is_some_and(|at| statement[at..].contains('>'))
    })
}

/// Texts in single or double quotes.
pub(super) fn quoted_texts(program: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = program.chars();
    while let Some(open) = chars.next() {
        if open != '"' && open != '\'' {
            continue;
        }
        let mut text = String::new();
        while let Some(char) = chars.next() {
            match char {
                '\\' => text.extend(chars.next()),
                char if char == open => break,
                char => text.push(char),
            }
        }
        if !text.is_empty() {
            found.push(text);
        }
        if found.len() >= 32 {
            break;
        }
    }
    found
}

pub(super) fn sed(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    // `-i` takes its value only in the same word.
    static OPTIONS: &[super::grammar::Opt] = &[
        opt("-e --expression", Value::Free),
        opt("-f --file", Value::Read),
        opt("-l --line-length", Value::Free),
    ];
    let mut in_place = false;
    let mut backup = String::new();
    let arguments: Vec<Field> = invoked
        .arguments
        .iter()
        .filter(|field| {
            let text = field.text.as_str();
            let long = text.starts_with("--in-p");
            let short = text.starts_with('-')
                && !text.starts_with("--")
                && text[1..]
                    .chars()
                    .take_while(|char| "nErsuzi".contains(*char))
                    .any(|char| char == 'i');
            if short && let Some(at) = text.find('i') {
                backup = text[at + 1..].to_owned();
            }
            in_place |= long || short;
            !(long || short)
        })
        .cloned()
        .collect();
    let (mut given, _) = given(
        OPTIONS,
        "-n -E -r -s -u -z --quiet --silent --regexp-extended --separate --unbuffered --null-data --posix --debug --sandbox --follow-symlinks",
        &arguments,
        false,
    );
    super::options(run, invoked, &given);
    let mut scripts: Vec<Field> = given
        .values
        .iter()
        .filter(|(names, ..)| names.starts_with("-e"))
        .map(|(.., field)| field.clone())
        .collect();
    let filed = given.has("-f --file");
    if scripts.is_empty() && !filed && !given.operands.is_empty() {
        scripts.push(given.operands.remove(0));
    }
    let verb = if in_place {
        Verb::FileWrite
    } else {
        Verb::FileRead
    };
    let mut deed = Deed::new(verb);
    for operand in &given.operands {
        if operand.text != "-" {
            let paths = run.add_file(&mut deed, invoked.state, operand);
            if !backup.is_empty() && backup != "E" && backup != "r" {
                for path in paths {
                    let beside = if backup.contains('*') {
                        backup.replace('*', path.rsplit('/').next().unwrap_or_default())
                    } else {
                        format!("{path}{backup}")
                    };
                    run.add_path(&mut deed, invoked.state, &beside);
                }
            }
        }
    }
    if filed {
        deed.unclear("the program of sed is in a file");
    }
    for script in &scripts {
        if let Some(why) = script.hole.as_ref().map(|hole| &hole.why)
            && !plain_sed(&script.text.replace(['\n'], ";"))
        {
            deed.unclear(format!("the program of sed is not known: {why}"));
        }
        if !plain_sed(&script.text) {
            deed.unclear("the program of sed may write files or run commands");
            run.readable(&mut deed, invoked.state, &script.text);
            if let Some(at) = script.text.find('w') {
                let name = script.text[at + 1..]
                    .split(['\n', ';', '}'])
                    .next()
                    .unwrap_or_default()
                    .trim();
                if !name.is_empty() && name.len() < 256 && !name.contains(' ') {
                    run.add_path(&mut deed, invoked.state, name);
                }
            }
            if let Some((_, command)) = script.text.split_once('e') {
                let command = command.trim();
                if command.contains(' ') {
                    run.hidden(
                        invoked.state,
                        command,
                        "the program of sed may run commands",
                    );
                }
            }
        } else if script.hole.is_some() {
            deed.unclear("the program of sed is not known in full");
        }
    }
    let mut text = invoked.input.clone();
    text.hole = Some(Hole {
        at: 0,
        why: "what sed prints".into(),
    });
    run.print(&text);
    finish(run, deed, verb, invoked, &given);
    Some(vec![State {
        status: crate::shell::Status::Unknown,
        ..invoked.state.clone()
    }])
}

/// Whether a program of sed only edits text: no command of it writes a file or runs anything.
fn plain_sed(program: &str) -> bool {
    let chars: Vec<char> = program.chars().collect();
    let mut at = 0;
    let mut commands = 0;
    while at < chars.len() {
        commands += 1;
        if commands > 500 {
            return false;
        }
        match chars[at] {
            char if char.is_whitespace()
                || matches!(char, ';' | '{' | '}' | '!' | ',' | '$' | '~' | '+')
                || char.is_ascii_digit() =>
            {
                at += 1
            }
            '/' => match after(&chars, at + 1, '/') {
                Some(end) => {
                    at = end;
                    while matches!(chars.get(at), Some('I' | 'M')) {
                        at += 1;
                    }
                }
                None => return false,
            },
            '\\' => match chars
                .get(at + 1)
                .and_then(|mark| after(&chars, at + 2, *mark))
            {
                Some(end) => at = end,
                None => return false,
            },
            command @ ('s' | 'y') => {
                let Some(mark) = chars.get(at + 1).copied() else {
                    return false;
                };
                let end = after(&chars, at + 2, mark).and_then(|end| after(&chars, end, mark));
                let Some(end) = end else { return false };
                at = end;
                if command == 's' {
                    while let Some(flag) = chars.get(at) {
                        match flag {
                            'g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9' => at += 1,
                            'e' | 'w' => return false,
                            _ => break,
                        }
                    }
                }
            }
            'p' | 'd' | 'D' | 'P' | 'n' | 'N' | 'h' | 'H' | 'g' | 'G' | 'x' | 'q' | 'Q' | '='
            | 'l' | 'z' | 'F' => at += 1,
            // Text up to the end of the line.
            'a' | 'i' | 'c' | ':' | 'b' | 't' | 'T' | '#' | 'v' => {
                while chars.get(at).is_some_and(|char| *char != '\n') {
                    if chars[at] == '\\' {
                        at += 1;
                    }
                    at += 1;
                }
            }
            _ => return false,
        }
    }
    true
}

/// The place after the next mark that is not escaped.
fn after(chars: &[char], from: usize, mark: char) -> Option<usize> {
    let mut at = from;
    while let Some(char) = chars.get(at) {
        match char {
            '\\' => at += 2,
            '[' if mark != '[' && mark != ']' => {
                // A mark inside a bracket expression ends nothing.
                let close = chars[at + 1..].iter().skip(1).position(|char| *char == ']');
                let end = chars[at + 1..]
                    .iter()
                    .position(|char| *char == '\n')
                    .unwrap_or(usize::MAX);
                match close {
                    Some(close) if close < end && chars[at..at + close + 2].contains(&mark) => {
                        at += close + 3
                    }
                    _ => at += 1,
                }
            }
            char if *char == mark => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_sed_that_act_are_told_from_those_that_edit() {
        for plain in [
            "s/a/b/g",
            "s|/srv/w |x|",
            "1,10p",
            "/start/,/end/d",
            "$!N;P;D",
            "s/e/w/;s/x/y/2p",
            "5q",
            "/x/{s/a/b/;p}",
            "2i\\text with w",
            "y/abc/xyz/",
            "s/[/]/x/",
        ] {
            assert!(plain_sed(plain), "{plain}");
        }
        for acts in [
            "w /srv/x",
            "s/a/b/w /srv/x",
            "e rm -rf /",
            "s/.*/rm x/e",
            "1e id",
            "r /etc/passwd",
            "W x",
            "s/a",
        ] {
            assert!(!plain_sed(acts), "{acts}");
        }
    }
}
