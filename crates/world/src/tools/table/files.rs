//! Servers and their files.

use tribune_evidence::{FileRef, Target, Verb};

use super::{HOST, PATH, PATHS, Tool, file, may, need, several};
use crate::Op;

pub(super) static TOOLS: &[Tool] = &[
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
];
