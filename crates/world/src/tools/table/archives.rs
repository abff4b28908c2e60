//! Files made from files: packed, unpacked, in other letters, in parts and joined.

use tribune_evidence::{FileRef, Verb};

use super::{Field, HOST, Kind, OUTPUT, PATH, PATHS, Tool, file, need, several};
use crate::{Encoding, Op, PackFormat};

pub(super) static TOOLS: &[Tool] = &[
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
];
