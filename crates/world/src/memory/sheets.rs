//! Sheets: CSV files on the drive (RFC 4180), their first row naming the columns.
//!
//! Rows are numbered from 1, the header not counted. Whatever lines a file has make some sheet:
//! rows may be shorter or longer than the header.

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use tribune_evidence::{AgentId, Change, FileRef};

use super::MemoryWorld;
use super::acts::Answer;
use super::look::listing;
use crate::HostKind;

/// The largest sheet, in bytes.
const SHEET_LIMIT: usize = 256 * 1024;
/// The most rows of a sheet: each takes some hundred bytes while it is read, however short it is.
const ROW_LIMIT: usize = 10_000;
/// The longest cell that is set, in bytes.
const CELL_LIMIT: usize = 4 * 1024;
/// A buffer for about a line: the usual one is cleared for every sheet and row that is touched.
const LINE: usize = 1024;
/// The most rows that are shown at once.
const SHOWN_ROWS: usize = 200;

/// A sheet, read from a file.
struct Sheet {
    header: StringRecord,
    rows: Vec<StringRecord>,
    terminator: Terminator,
}

impl Sheet {
    fn read(name: &str, bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > SHEET_LIMIT {
            return Err(format!("{name} is too large for a sheet"));
        }
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(bytes.len().clamp(LINE, 8 * LINE))
            .from_reader(bytes)
            .into_records()
            .take(ROW_LIMIT + 2)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| format!("{name} is not a sheet"))?;
        if rows.len() > ROW_LIMIT + 1 {
            return Err(format!("{name} has too many rows for a sheet"));
        }
        if rows.is_empty() {
            return Err(format!("{name} has no header"));
        }
        let terminator = if bytes.windows(2).any(|two| two == b"\r\n") {
            Terminator::CRLF
        } else {
            Terminator::Any(b'\n')
        };
        let header = rows.remove(0);
        Ok(Self {
            header,
            rows,
            terminator,
        })
    }

    fn write(&self) -> Result<String, String> {
        let broken = || "the sheet cannot be written".to_owned();
        let mut writer = WriterBuilder::new()
            .flexible(true)
            .terminator(self.terminator)
            .from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writer.write_record(row).map_err(|_| broken())?;
        }
        let bytes = writer.into_inner().map_err(|_| broken())?;
        let text = String::from_utf8(bytes).map_err(|_| broken())?;
        if text.len() > SHEET_LIMIT {
            return Err("the sheet would be too large".to_owned());
        }
        Ok(text)
    }

    /// The place of a column, by its name.
    fn column(&self, name: &str) -> Result<usize, String> {
        let columns = self.header.iter().map(str::trim);
        columns
            .clone()
            .position(|column| column == name.trim())
            .ok_or_else(|| {
                let shown: String = name.chars().take(60).collect();
                let known: Vec<&str> = columns.take(50).collect();
                let mut known = known.join(", ");
                known.truncate(known.floor_char_boundary(2_000));
                format!("there is no column {shown:?}; there are {known}")
            })
    }
}

/// One row as a line of CSV, its number first.
fn line(number: &str, row: &StringRecord) -> String {
    let mut writer = WriterBuilder::new()
        .flexible(true)
        .buffer_capacity(LINE)
        .from_writer(Vec::new());
    let cells = std::iter::once(number).chain(row);
    let bytes = match writer.write_record(cells) {
        Ok(()) => writer.into_inner().unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

fn cell(value: &str) -> Result<&str, String> {
    if value.len() > CELL_LIMIT {
        return Err(format!("a cell holds at most {CELL_LIMIT} bytes"));
    }
    Ok(value)
}

/// Puts a value into a row, which grows if it is too short.
fn put(row: &StringRecord, at: usize, value: &str) -> StringRecord {
    let length = row.len().max(at + 1);
    (0..length)
        .map(|place| match place == at {
            true => value,
            false => row.get(place).unwrap_or_default(),
        })
        .collect()
}

fn name(file: &FileRef) -> &str {
    file.path.trim_start_matches('/')
}

fn is_sheet(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, kind)| kind.eq_ignore_ascii_case("csv"))
}

impl MemoryWorld {
    fn sheet(&self, file: &FileRef) -> Result<Sheet, String> {
        let node = self.file(file)?;
        if !is_sheet(&file.path) {
            return Err(format!("{} is not a sheet", name(file)));
        }
        Sheet::read(name(file), &node.bytes)
    }

    pub(super) fn list_sheets(&mut self, by: &AgentId) -> Answer {
        let drive = |host: &&super::Host| host.spec.kind == HostKind::Drive;
        let Some(host) = self.hosts.iter().find(drive) else {
            return Err("there is no drive here".to_owned());
        };
        let sheets = host.files.all().filter(|(path, _)| is_sheet(path));
        let names = sheets.map(|(path, _)| path.trim_start_matches('/').to_owned());
        let text = listing(names, "(no sheets)");
        let folder = FileRef::new(host.spec.id.clone(), "/");
        self.emit(by, Change::Listed { folder });
        Ok(text)
    }

    pub(super) fn read_sheet(
        &mut self,
        by: &AgentId,
        file: FileRef,
        from: usize,
        rows: usize,
    ) -> Answer {
        let sheet = self.sheet(&file)?;
        let all = sheet.rows.len();
        let (from, rows) = (from.max(1), rows.clamp(1, SHOWN_ROWS));
        let shown = sheet.rows.iter().zip(1_usize..).skip(from - 1).take(rows);
        let end = all.min((from - 1).saturating_add(rows));
        let lines = std::iter::once(line("row", &sheet.header))
            .chain(shown.map(|(row, number)| line(&number.to_string(), row)));
        let mut text = listing(lines, "");
        if end < all {
            text.push_str(&format!("\n(rows {} to {all} are not shown)", end + 1));
        }
        let content = self.file(&file)?.content.clone();
        self.emit(by, Change::FileRead { file, content });
        Ok(text)
    }

    pub(super) fn set_cell(
        &mut self,
        by: &AgentId,
        file: FileRef,
        row: usize,
        column: &str,
        value: &str,
    ) -> Answer {
        let mut sheet = self.sheet(&file)?;
        let at = sheet.column(column)?;
        let value = cell(value)?;
        let count = sheet.rows.len();
        let Some(place) = row.checked_sub(1).filter(|place| *place < count) else {
            return Err(format!("there is no row {row}; the last one is {count}"));
        };
        sheet.rows[place] = put(&sheet.rows[place], at, value);
        let done = format!("Set {} of row {row} in {}.", column.trim(), name(&file));
        self.write(by, file, &sheet.write()?, false)?;
        Ok(done)
    }

    pub(super) fn add_row(
        &mut self,
        by: &AgentId,
        file: FileRef,
        values: &[(String, String)],
    ) -> Answer {
        let mut sheet = self.sheet(&file)?;
        let mut row: StringRecord = sheet.header.iter().map(|_| "").collect();
        for (column, value) in values {
            row = put(&row, sheet.column(column)?, cell(value)?);
        }
        if sheet.rows.len() >= ROW_LIMIT {
            return Err("the sheet takes no more rows".to_owned());
        }
        sheet.rows.push(row);
        let done = format!("Added row {} to {}.", sheet.rows.len(), name(&file));
        self.write(by, file, &sheet.write()?, false)?;
        Ok(done)
    }
}
