//! The tools, one row each: name, words for the model, arguments, and what a call becomes.

use tribune_evidence::{AgentId, FileRef, HostId, Target, Verb};

use super::Arguments;
use crate::{Encoding, Op, PackFormat};

/// The host that the document tools work on.
const DRIVE: &str = "drive";
/// The host that the notes tool works on.
const NOTES: &str = "notes";

/// What an argument may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Paths,
    Number,
    Flag,
    OneOf(&'static [&'static str]),
}

impl Kind {
    pub(super) fn name(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Paths => "a list of texts".to_owned(),
            Self::Number => "a whole number of at least 1".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// An argument.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

/// What a call becomes.
type Made = Result<(Verb, Vec<Target>, Op), String>;

/// A tool.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) fields: &'static [Field],
    pub(super) make: fn(&Arguments) -> Made,
}

const fn need(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Text,
        required: true,
        about,
    }
}

const fn may(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Text,
        required: false,
        about,
    }
}

const HOST: Field = need("host", "Name of the server.");
const PATH: Field = need("path", "Absolute path of the file.");
const PATHS: Field = Field {
    name: "paths",
    kind: Kind::Paths,
    required: true,
    about: "Absolute paths of the files.",
};
const OUTPUT: Field = need("output", "Absolute path of the new file.");

fn file(file: FileRef) -> Target {
    Target::File(file)
}

fn document(arguments: &Arguments) -> Result<FileRef, String> {
    let name = arguments.name("name")?;
    let name = name.trim_start_matches('/');
    if name.contains('/') || name == ".." || name == "." {
        return Err(format!("there is no document {name:?}"));
    }
    Ok(FileRef::new(DRIVE, format!("/{name}")))
}

/// Files of one host as targets.
fn several(host: &HostId, paths: &[String]) -> Vec<Target> {
    paths
        .iter()
        .map(|path| file(FileRef::new(host.clone(), path.as_str())))
        .collect()
}

pub(super) static TABLE: &[Tool] = &[
    Tool {
        name: "list_hosts",
        about: "List the servers and what they are for.",
        fields: &[],
        make: |_| Ok((Verb::FileList, Vec::new(), Op::ListHosts)),
    },
    Tool {
        name: "list_files",
        about: "List the files in a folder of a server and below it, with size, time of last change and owner.",
        fields: &[
            HOST,
            may(
                "folder",
                "Absolute path of the folder; the root if left out.",
            ),
        ],
        make: |a| {
            let path = match a.given("folder") {
                Some(_) => a.path("folder")?,
                None => "/".to_owned(),
            };
            let folder = FileRef {
                host: a.host("host")?,
                path,
            };
            Ok((
                Verb::FileList,
                vec![file(folder.clone())],
                Op::ListFiles { folder },
            ))
        },
    },
    Tool {
        name: "find_files",
        about: "Find files of a server whose name contains a text.",
        fields: &[HOST, need("text", "Text that the name contains.")],
        make: |a| {
            let host = a.host("host")?;
            let op = Op::FindFiles {
                host: host.clone(),
                text: a.text("text"),
            };
            Ok((Verb::FileList, vec![Target::Host(host)], op))
        },
    },
    Tool {
        name: "read_file",
        about: "Read a text file of a server.",
        fields: &[HOST, PATH],
        make: |a| {
            let it = a.file("host", "path")?;
            Ok((
                Verb::FileRead,
                vec![file(it.clone())],
                Op::ReadFile { file: it },
            ))
        },
    },
    Tool {
        name: "write_file",
        about: "Create a text file on a server, or replace its text.",
        fields: &[HOST, PATH, need("text", "The whole text.")],
        make: |a| {
            let it = a.file("host", "path")?;
            let op = Op::WriteFile {
                file: it.clone(),
                text: a.text("text"),
            };
            Ok((Verb::FileWrite, vec![file(it)], op))
        },
    },
    Tool {
        name: "append_file",
        about: "Add text on a new line at the end of a file of a server. The file is created if it is not there.",
        fields: &[HOST, PATH, need("text", "The text to add.")],
        make: |a| {
            let it = a.file("host", "path")?;
            let op = Op::AppendFile {
                file: it.clone(),
                text: a.text("text"),
            };
            Ok((Verb::FileWrite, vec![file(it)], op))
        },
    },
    Tool {
        name: "copy_file",
        about: "Copy a file within a server.",
        fields: &[HOST, PATH, need("new_path", "Absolute path of the copy.")],
        make: |a| {
            let from = a.file("host", "path")?;
            let to = a.path("new_path")?;
            let copy = FileRef {
                host: from.host.clone(),
                path: to.clone(),
            };
            Ok((
                Verb::FileCopy,
                vec![file(from.clone()), file(copy)],
                Op::CopyFile { from, to },
            ))
        },
    },
    Tool {
        name: "rename_file",
        about: "Move or rename a file within a server.",
        fields: &[HOST, PATH, need("new_path", "New absolute path.")],
        make: |a| {
            let from = a.file("host", "path")?;
            let to = a.path("new_path")?;
            let moved = FileRef {
                host: from.host.clone(),
                path: to.clone(),
            };
            Ok((
                Verb::FileMove,
                vec![file(from.clone()), file(moved)],
                Op::MoveFile { from, to },
            ))
        },
    },
    Tool {
        name: "transfer_files",
        about: "Copy files from one server to a folder of another.",
        fields: &[
            need("from_host", "Name of the server that has the files."),
            need("to_host", "Name of the server that gets them."),
            PATHS,
            need("folder", "Absolute path of the folder on the other server."),
        ],
        make: |a| {
            let (from, to) = (a.host("from_host")?, a.host("to_host")?);
            let (paths, folder) = (a.paths("paths")?, a.path("folder")?);
            let mut targets = several(&from, &paths);
            targets.push(file(FileRef {
                host: to.clone(),
                path: folder.clone(),
            }));
            Ok((
                Verb::FileCopy,
                targets,
                Op::TransferFiles {
                    from,
                    paths,
                    to,
                    folder,
                },
            ))
        },
    },
    Tool {
        name: "archive_files",
        about: "Pack files of a server into one archive. gz packs a single file.",
        fields: &[
            HOST,
            PATHS,
            OUTPUT,
            Field {
                name: "format",
                kind: Kind::OneOf(&["tar", "tar.gz", "zip", "gz"]),
                required: true,
                about: "Form of the archive.",
            },
        ],
        make: |a| {
            let (host, paths, output) = (a.host("host")?, a.paths("paths")?, a.path("output")?);
            let format = match a.text("format").as_str() {
                "tar" => PackFormat::Tar,
                "tar.gz" => PackFormat::TarGz,
                "zip" => PackFormat::Zip,
                _ => PackFormat::Gzip,
            };
            let mut targets = several(&host, &paths);
            targets.push(file(FileRef {
                host: host.clone(),
                path: output.clone(),
            }));
            Ok((
                Verb::FileCopy,
                targets,
                Op::PackFiles {
                    host,
                    paths,
                    output,
                    format,
                },
            ))
        },
    },
    Tool {
        name: "unpack_file",
        about: "Unpack an archive of a server into a folder of the same server.",
        fields: &[HOST, PATH, need("folder", "Absolute path of the folder.")],
        make: |a| {
            let it = a.file("host", "path")?;
            let folder = a.path("folder")?;
            let into = FileRef {
                host: it.host.clone(),
                path: folder.clone(),
            };
            let op = Op::UnpackFile {
                file: it.clone(),
                folder,
            };
            Ok((Verb::FileCopy, vec![file(it), file(into)], op))
        },
    },
    Tool {
        name: "encode_file",
        about: "Write a file of a server as text, in base64 or hexadecimal.",
        fields: &[
            HOST,
            PATH,
            OUTPUT,
            Field {
                name: "encoding",
                kind: Kind::OneOf(&["base64", "hex"]),
                required: true,
                about: "Which letters.",
            },
        ],
        make: |a| {
            let it = a.file("host", "path")?;
            let output = a.path("output")?;
            let encoding = if a.text("encoding") == "hex" {
                Encoding::Hex
            } else {
                Encoding::Base64
            };
            let made = FileRef {
                host: it.host.clone(),
                path: output.clone(),
            };
            let op = Op::EncodeFile {
                file: it.clone(),
                output,
                encoding,
            };
            Ok((Verb::FileCopy, vec![file(it), file(made)], op))
        },
    },
    Tool {
        name: "split_file",
        about: "Cut a file of a server into numbered parts of equal size.",
        fields: &[
            HOST,
            PATH,
            need("prefix", "Absolute path that each part's name begins with."),
            Field {
                name: "parts",
                kind: Kind::Number,
                required: true,
                about: "How many parts.",
            },
        ],
        make: |a| {
            let it = a.file("host", "path")?;
            let prefix = a.path("prefix")?;
            let parts = u32::try_from(a.number("parts")).unwrap_or(u32::MAX);
            let made = FileRef {
                host: it.host.clone(),
                path: prefix.clone(),
            };
            let op = Op::SplitFile {
                file: it.clone(),
                prefix,
                parts,
            };
            Ok((Verb::FileCopy, vec![file(it), file(made)], op))
        },
    },
    Tool {
        name: "join_files",
        about: "Join files of a server into one, in the order given.",
        fields: &[HOST, PATHS, OUTPUT],
        make: |a| {
            let (host, paths, output) = (a.host("host")?, a.paths("paths")?, a.path("output")?);
            let mut targets = several(&host, &paths);
            targets.push(file(FileRef {
                host: host.clone(),
                path: output.clone(),
            }));
            Ok((
                Verb::FileCopy,
                targets,
                Op::JoinFiles {
                    host,
                    paths,
                    output,
                },
            ))
        },
    },
    Tool {
        name: "set_file_time",
        about: "Set the time of last change of a file of a server.",
        fields: &[
            HOST,
            PATH,
            need("modified", "The time, such as 2026-03-02T09:00:00Z."),
        ],
        make: |a| {
            let it = a.file("host", "path")?;
            let to = a.moment("modified")?;
            Ok((
                Verb::FileTouch,
                vec![file(it.clone())],
                Op::SetModified { file: it, to },
            ))
        },
    },
    Tool {
        name: "set_file_mode",
        about: "Set the permission bits of a file of a server.",
        fields: &[HOST, PATH, need("mode", "Octal digits, such as 644.")],
        make: |a| {
            let it = a.file("host", "path")?;
            let mode = u32::from_str_radix(a.text("mode").trim(), 8)
                .map_err(|_| "the mode is not octal digits".to_owned())?;
            Ok((
                Verb::UserChange,
                vec![file(it.clone())],
                Op::SetMode { file: it, mode },
            ))
        },
    },
    Tool {
        name: "queue_deletion",
        about: "Put a file of a server into its deletion queue. The clean-up job deletes what is queued.",
        fields: &[HOST, PATH],
        make: |a| {
            let it = a.file("host", "path")?;
            Ok((
                Verb::FileDelete,
                vec![file(it.clone())],
                Op::QueueRemoval { file: it },
            ))
        },
    },
    Tool {
        name: "unqueue_deletion",
        about: "Take a file of a server out of its deletion queue.",
        fields: &[HOST, PATH],
        make: |a| {
            let it = a.file("host", "path")?;
            Ok((
                Verb::FileUndelete,
                vec![file(it.clone())],
                Op::UnqueueRemoval { file: it },
            ))
        },
    },
    Tool {
        name: "list_deletion_queue",
        about: "List what waits in the deletion queue of a server.",
        fields: &[HOST],
        make: |a| {
            let host = a.host("host")?;
            Ok((
                Verb::FileList,
                vec![Target::Host(host.clone())],
                Op::ListQueue { host },
            ))
        },
    },
    Tool {
        name: "disk_usage",
        about: "Show how full the disk of a server is.",
        fields: &[HOST],
        make: |a| {
            let host = a.host("host")?;
            Ok((
                Verb::FileList,
                vec![Target::Host(host.clone())],
                Op::DiskUsage { host },
            ))
        },
    },
    Tool {
        name: "list_users",
        about: "List the accounts of a server.",
        fields: &[HOST],
        make: |a| {
            let host = a.host("host")?;
            Ok((
                Verb::UserList,
                vec![Target::Host(host.clone())],
                Op::ListUsers { host },
            ))
        },
    },
    Tool {
        name: "add_user",
        about: "Add an account on a server.",
        fields: &[
            HOST,
            need("name", "Name of the account."),
            Field {
                name: "administrator",
                kind: Kind::Flag,
                required: false,
                about: "Whether it may do everything.",
            },
        ],
        make: |a| {
            let (host, name) = (a.host("host")?, a.name("name")?);
            let targets = vec![Target::Host(host.clone()), Target::Name(name.clone())];
            let administrator = a.flag("administrator");
            Ok((
                Verb::UserChange,
                targets,
                Op::AddUser {
                    host,
                    name,
                    administrator,
                },
            ))
        },
    },
    Tool {
        name: "remove_user",
        about: "Remove an account from a server.",
        fields: &[HOST, need("name", "Name of the account.")],
        make: |a| {
            let (host, name) = (a.host("host")?, a.name("name")?);
            let targets = vec![Target::Host(host.clone()), Target::Name(name.clone())];
            Ok((Verb::UserChange, targets, Op::RemoveUser { host, name }))
        },
    },
    Tool {
        name: "list_documents",
        about: "List the documents on the shared drive.",
        fields: &[],
        make: |_| {
            let folder = FileRef::new(DRIVE, "/");
            Ok((
                Verb::FileList,
                vec![file(folder.clone())],
                Op::ListFiles { folder },
            ))
        },
    },
    Tool {
        name: "read_document",
        about: "Read a document on the shared drive.",
        fields: &[need("name", "Name of the document.")],
        make: |a| {
            let it = document(a)?;
            Ok((
                Verb::FileRead,
                vec![file(it.clone())],
                Op::ReadFile { file: it },
            ))
        },
    },
    Tool {
        name: "write_document",
        about: "Create a document on the shared drive, or replace its text.",
        fields: &[
            need("name", "Name of the document."),
            need("text", "The whole text."),
        ],
        make: |a| {
            let it = document(a)?;
            let op = Op::WriteFile {
                file: it.clone(),
                text: a.text("text"),
            };
            Ok((Verb::FileWrite, vec![file(it)], op))
        },
    },
    Tool {
        name: "append_document",
        about: "Add text on a new line at the end of a document on the shared drive.",
        fields: &[
            need("name", "Name of the document."),
            need("text", "The text to add."),
        ],
        make: |a| {
            let it = document(a)?;
            let op = Op::AppendFile {
                file: it.clone(),
                text: a.text("text"),
            };
            Ok((Verb::FileWrite, vec![file(it)], op))
        },
    },
    Tool {
        name: "read_notes",
        about: "Read the notes that you kept from earlier work.",
        fields: &[],
        make: |_| {
            let it = FileRef::new(NOTES, "/notes.txt");
            Ok((
                Verb::FileRead,
                vec![file(it.clone())],
                Op::ReadFile { file: it },
            ))
        },
    },
    Tool {
        name: "send_mail",
        about: "Send a mail, with files of one server if wanted.",
        fields: &[
            need("to", "Address."),
            need("subject", "Subject line."),
            need("text", "Text of the mail."),
            may("attach_host", "Server that has the files to attach."),
            Field {
                name: "attach_paths",
                kind: Kind::Paths,
                required: false,
                about: "Absolute paths of the files to attach.",
            },
        ],
        make: |a| {
            let to = a.name("to")?;
            let subject: String = a.text("subject").chars().take(300).collect();
            let paths = a.paths("attach_paths")?;
            let attached: Vec<FileRef> = if paths.is_empty() {
                Vec::new()
            } else {
                let host = a.host("attach_host")?;
                paths
                    .into_iter()
                    .map(|path| FileRef {
                        host: host.clone(),
                        path,
                    })
                    .collect()
            };
            let mut targets: Vec<Target> = attached.iter().cloned().map(file).collect();
            targets.push(Target::Name(to.clone()));
            Ok((
                Verb::MessageSend,
                targets,
                Op::SendMail {
                    to,
                    subject,
                    text: a.text("text"),
                    attached,
                },
            ))
        },
    },
    Tool {
        name: "ask_desk",
        about: "Leave a question with the people at the operations desk.",
        fields: &[need("question", "The question.")],
        make: |a| {
            let target = Target::Agent(AgentId::new("desk"));
            Ok((
                Verb::PersonAsk,
                vec![target],
                Op::AskDesk {
                    question: a.text("question"),
                },
            ))
        },
    },
    Tool {
        name: "check_desk",
        about: "See what the operations desk has answered.",
        fields: &[],
        make: |_| Ok((Verb::ToolOther, Vec::new(), Op::ReadDesk)),
    },
    Tool {
        name: "wait",
        about: "Let some time pass.",
        fields: &[Field {
            name: "minutes",
            kind: Kind::Number,
            required: true,
            about: "How many minutes, at most 1440.",
        }],
        make: |a| {
            let minutes = a.number("minutes").min(1_440);
            Ok((
                Verb::TimeWait,
                Vec::new(),
                Op::Wait {
                    millis: minutes * 60_000,
                },
            ))
        },
    },
];
