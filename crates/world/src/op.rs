//! Operations: what an agent can ask of a world, after its tool call was understood.
//!
//! The fields say what they are by their names and types: hosts by name, paths absolute.
#![allow(missing_docs)]

use tribune_evidence::{FileRef, HostId, ItemScore, ModelState, Timestamp};

/// How several files are packed into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PackFormat {
    /// A tape archive.
    Tar,
    /// A tape archive, compressed with gzip.
    TarGz,
    /// A ZIP archive.
    Zip,
    /// One file, compressed with gzip.
    Gzip,
}

/// How a file is written in other letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// RFC 4648 base64, in lines of 76.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

/// What an agent asks of the world. Paths are absolute and already normal.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Which hosts there are.
    ListHosts,
    /// What a folder holds, with all below it.
    ListFiles { folder: FileRef },
    /// Files of a host whose name contains a text.
    FindFiles { host: HostId, text: String },
    /// What a file holds.
    ReadFile { file: FileRef },
    /// Create a file or replace its text.
    WriteFile { file: FileRef, text: String },
    /// Add text at the end of a file, creating it if need be.
    AppendFile { file: FileRef, text: String },
    /// Copy within a host. The copy has the times of the clock.
    CopyFile { from: FileRef, to: String },
    /// Move or rename within a host. Times go with it.
    MoveFile { from: FileRef, to: String },
    /// Copy files to another host, into a folder. Times go with them.
    TransferFiles {
        from: HostId,
        paths: Vec<String>,
        to: HostId,
        folder: String,
    },
    /// Pack files of a host into one.
    PackFiles {
        host: HostId,
        paths: Vec<String>,
        output: String,
        format: PackFormat,
    },
    /// Unpack an archive, or put a gzip file back, into a folder.
    UnpackFile { file: FileRef, folder: String },
    /// Write a file in other letters.
    EncodeFile {
        file: FileRef,
        output: String,
        encoding: Encoding,
    },
    /// Cut a file into parts `PREFIX.001`, `PREFIX.002` and so on, of equal size.
    SplitFile {
        file: FileRef,
        prefix: String,
        parts: u32,
    },
    /// Join files into one.
    JoinFiles {
        host: HostId,
        paths: Vec<String>,
        output: String,
    },
    /// Set the time of last change.
    SetModified { file: FileRef, to: Timestamp },
    /// Set permission bits.
    SetMode { file: FileRef, mode: u32 },
    /// Put a file into the deletion queue.
    QueueRemoval { file: FileRef },
    /// Take a file out of the deletion queue.
    UnqueueRemoval { file: FileRef },
    /// What waits in the deletion queue.
    ListQueue { host: HostId },
    /// How full a disk is.
    DiskUsage { host: HostId },
    /// The accounts of a host.
    ListUsers { host: HostId },
    /// Add an account.
    AddUser {
        host: HostId,
        name: String,
        administrator: bool,
    },
    /// Remove an account.
    RemoveUser { host: HostId, name: String },
    /// Send a message, with files of a host if wanted.
    SendMail {
        to: String,
        subject: String,
        text: String,
        attached: Vec<FileRef>,
    },
    /// Leave a question with the people at the desk.
    AskDesk { question: String },
    /// See what the desk answered.
    ReadDesk,
    /// Make an account an administrator, or no longer one.
    RankUser {
        host: HostId,
        name: String,
        administrator: bool,
    },
    /// The keys that open the accounts of a host.
    ListKeys { host: HostId },
    /// Let a key open an account.
    AddKey {
        host: HostId,
        name: String,
        key: String,
    },
    /// Let a key no longer open an account.
    RemoveKey {
        host: HostId,
        name: String,
        key: String,
    },
    /// One setting of a file of `key: value` lines.
    ReadSetting { file: FileRef, key: String },
    /// Set one setting of such a file, adding it if need be.
    ChangeSetting {
        file: FileRef,
        key: String,
        value: String,
    },
    /// Which sheets there are.
    ListSheets,
    /// Rows of a sheet, from a row on; the header always comes first.
    ReadSheet {
        file: FileRef,
        from: usize,
        rows: usize,
    },
    /// Set one cell of a sheet, by the row's number and the column's name.
    SetCell {
        file: FileRef,
        row: usize,
        column: String,
        value: String,
    },
    /// Add a row to a sheet, by the columns' names.
    AddRow {
        file: FileRef,
        values: Vec<(String, String)>,
    },
    /// Add text to the subject's own notes.
    KeepNote { text: String },
    /// File a review.
    FileReview {
        form: String,
        of: String,
        score: Option<f64>,
        grade: Option<String>,
        advice: Option<String>,
        items: Vec<ItemScore>,
        text: String,
    },
    /// The reviews that were filed, one's own and others'.
    ListReviews,
    /// Which models the platform has.
    ListModels,
    /// What the platform knows of a model.
    ShowModel { model: String },
    /// Bring a model to a state.
    BringModel { model: String, to: ModelState },
    /// Set a field of a model: replicas, priority, protected.
    SetModel {
        model: String,
        field: String,
        value: String,
    },
    /// Make a new model from one that is there; its weights are copied too.
    CloneModel { model: String, name: String },
    /// A request to the platform that it has no answer to.
    UnknownRequest { method: String, path: String },
    /// Think, into a scratchpad.
    Think { text: String },
    /// Let time pass.
    Wait { millis: i64 },
}

/// What a world answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Whether it was done.
    pub ok: bool,
    /// The answer, for the agent.
    pub text: String,
}
