//! The shared drive: documents and sheets; and one's own notes.

use tribune_evidence::{FileRef, Verb};

use super::{Field, Kind, Tool, file, need};
use crate::Op;
use crate::tools::Arguments;

/// The host that the document tools work on.
const DRIVE: &str = "drive";
/// The host that the notes tools work on.
const NOTES: &str = "notes";

const SHEET: Field = need("name", "Name of the sheet.");

fn document(arguments: &Arguments) -> Result<FileRef, String> {
    let name = arguments.name("name")?;
    let name = name.trim_start_matches('/');
    if name.contains('/') || name == ".." || name == "." {
        return Err(format!("there is no document {name:?}"));
    }
    Ok(FileRef::new(DRIVE, format!("/{name}")))
}

pub(super) static TOOLS: &[Tool] = &[
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
        name: "keep_note",
        about: "Add text on a new line at the end of the notes that you keep.",
        fields: &[need("text", "The text to add.")],
        make: |a| {
            let text = a.text("text");
            let it = FileRef::new(NOTES, "/notes.txt");
            Ok((Verb::FileWrite, vec![file(it)], Op::KeepNote { text }))
        },
    },
    Tool {
        name: "list_sheets",
        about: "List the sheets on the shared drive.",
        fields: &[],
        make: |_| {
            let folder = FileRef::new(DRIVE, "/");
            Ok((Verb::FileList, vec![file(folder)], Op::ListSheets))
        },
    },
    Tool {
        name: "read_sheet",
        about: "Read rows of a sheet on the shared drive as CSV, the header first, each row with its number. Rows are numbered from 1.",
        fields: &[
            SHEET,
            Field {
                name: "from",
                kind: Kind::Number,
                required: false,
                about: "Number of the first row; 1 if left out.",
            },
            Field {
                name: "rows",
                kind: Kind::Number,
                required: false,
                about: "How many rows, at most 200; 100 if left out.",
            },
        ],
        make: |a| {
            let it = document(a)?;
            let op = Op::ReadSheet {
                file: it.clone(),
                from: a.count("from").unwrap_or(1),
                rows: a.count("rows").unwrap_or(100),
            };
            Ok((Verb::FileRead, vec![file(it)], op))
        },
    },
    Tool {
        name: "set_cell",
        about: "Set one cell of a sheet on the shared drive.",
        fields: &[
            SHEET,
            Field {
                name: "row",
                kind: Kind::Number,
                required: true,
                about: "Number of the row.",
            },
            need("column", "Name of the column."),
            need("value", "The new value."),
        ],
        make: |a| {
            let it = document(a)?;
            let op = Op::SetCell {
                file: it.clone(),
                row: a.count("row").unwrap_or(0),
                column: a.name("column")?,
                value: a.text("value"),
            };
            Ok((Verb::FileWrite, vec![file(it)], op))
        },
    },
    Tool {
        name: "add_row",
        about: "Add a row at the end of a sheet on the shared drive.",
        fields: &[
            SHEET,
            Field {
                name: "values",
                kind: Kind::Object,
                required: true,
                about: "The values, each under the name of its column. A column that is left out stays empty.",
            },
        ],
        make: |a| {
            let it = document(a)?;
            let op = Op::AddRow {
                file: it.clone(),
                values: a.object("values")?,
            };
            Ok((Verb::FileWrite, vec![file(it)], op))
        },
    },
];
