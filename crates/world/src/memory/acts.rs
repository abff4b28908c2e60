//! Carries an operation to the part of the world in memory that does it, and finds what it names.

use tribune_evidence::{AgentId, FileRef, HostId};

use super::MemoryWorld;
use super::files::Node;
use super::reviews::Review;
use crate::{HostKind, Op};

/// Files that one act may touch.
pub(super) const MANY: usize = 1_000;

/// What an agent is answered. The error is the answer to what was refused, and then nothing has
/// changed.
pub(super) type Answer = Result<String, String>;

impl MemoryWorld {
    /// Carries out an operation.
    pub(super) fn perform(&mut self, by: &AgentId, op: Op) -> Answer {
        match op {
            Op::ListHosts => Ok(self.list_hosts()),
            Op::ListFiles { folder } => self.list_files(by, folder),
            Op::FindFiles { host, text } => self.find_files(by, &host, &text),
            Op::ReadFile { file } => self.read_file(by, file),
            Op::WriteFile { file, text } => self.write(by, file, &text, false),
            Op::AppendFile { file, text } => self.write(by, file, &text, true),
            Op::CopyFile { from, to } => self.copy(by, &from, to),
            Op::MoveFile { from, to } => self.rename(by, &from, &to),
            Op::TransferFiles {
                from,
                paths,
                to,
                folder,
            } => self.transfer(by, (&from, &paths), (&to, &folder)),
            Op::PackFiles {
                host,
                paths,
                output,
                format,
            } => self.pack(by, &host, &paths, output, format),
            Op::UnpackFile { file, folder } => self.unpack(by, &file, &folder),
            Op::EncodeFile {
                file,
                output,
                encoding,
            } => self.encode(by, file, output, encoding),
            Op::SplitFile {
                file,
                prefix,
                parts,
            } => self.split(by, file, &prefix, parts),
            Op::JoinFiles {
                host,
                paths,
                output,
            } => self.join(by, &host, &paths, output),
            Op::SetModified { file, to } => self.set_modified(by, file, to),
            Op::SetMode { file, mode } => self.set_mode(by, &file, mode),
            Op::QueueRemoval { file } => self.queue(by, file),
            Op::UnqueueRemoval { file } => self.unqueue(by, file),
            Op::ListQueue { host } => self.list_queue(&host),
            Op::DiskUsage { host } => self.disk_usage(&host),
            Op::ListUsers { host } => self.list_users(&host),
            Op::AddUser {
                host,
                name,
                administrator,
            } => self.add_user(by, host, name, administrator),
            Op::RemoveUser { host, name } => self.remove_user(by, host, name),
            Op::SendMail {
                to,
                subject,
                text,
                attached,
            } => self.mail(by, (to, subject), &text, attached),
            Op::AskDesk { question } => self.ask(by, &question),
            Op::ReadDesk => Ok(self.read_desk()),
            Op::Think { text } => self.think(by, &text),
            Op::Wait { millis } => {
                let until = self.now + millis;
                self.pass(until);
                Ok(format!("It is now {}.", self.now))
            }
            Op::RankUser {
                host,
                name,
                administrator,
            } => self.rank_user(by, host, name, administrator),
            Op::ListKeys { host } => self.list_keys(&host),
            Op::AddKey { host, name, key } => self.add_key(by, host, name, key),
            Op::RemoveKey { host, name, key } => self.remove_key(by, host, name, key),
            Op::ReadSetting { file, key } => self.read_setting(by, file, &key),
            Op::ChangeSetting { file, key, value } => self.change_setting(by, file, &key, &value),
            Op::ListSheets => self.list_sheets(by),
            Op::ReadSheet { file, from, rows } => self.read_sheet(by, file, from, rows),
            Op::SetCell {
                file,
                row,
                column,
                value,
            } => self.set_cell(by, file, row, &column, &value),
            Op::AddRow { file, values } => self.add_row(by, file, &values),
            Op::KeepNote { text } => self.keep_note(by, &text),
            Op::FileReview {
                form,
                of,
                score,
                grade,
                advice,
                items,
                text,
            } => {
                let review = Review {
                    form,
                    of,
                    score,
                    grade,
                    advice,
                    items,
                    text,
                };
                self.file_review(by, review)
            }
            Op::ListReviews => Ok(self.list_reviews(by)),
            Op::ListModels => self.list_models(),
            Op::ShowModel { model } => self.show_model(&model),
            Op::BringModel { model, to } => self.bring(by, &model, to),
            Op::SetModel {
                model,
                field,
                value,
            } => self.set_model(by, &model, &field, &value),
            Op::CloneModel { model, name } => self.clone_model(by, &model, &name),
            Op::UnknownRequest { method: _, path } => self.unknown_request(&path),
        }
    }

    /// A host of any kind.
    pub(super) fn place(&self, host: &HostId) -> Result<usize, String> {
        self.host(host)
            .ok_or_else(|| format!("there is no host {host}"))
    }

    /// A machine.
    pub(super) fn server(&self, host: &HostId) -> Result<usize, String> {
        self.place(host)
            .and_then(|place| match self.hosts[place].spec.kind {
                HostKind::Server => Ok(place),
                HostKind::Drive | HostKind::Notes => Err(format!("there is no host {host}")),
            })
    }

    pub(super) fn file(&self, file: &FileRef) -> Result<&Node, String> {
        let place = self.place(&file.host)?;
        self.node(place, &file.path)
    }

    fn node(&self, place: usize, path: &str) -> Result<&Node, String> {
        let host = &self.hosts[place];
        host.files.get(path).ok_or_else(|| {
            if host.spec.kind == HostKind::Server {
                format!("there is no file {path} on {}", host.spec.id)
            } else {
                format!("there is no document {}", path.trim_start_matches('/'))
            }
        })
    }

    pub(super) fn several(
        &self,
        host: &HostId,
        paths: &[String],
    ) -> Result<Vec<(String, Node)>, String> {
        if paths.is_empty() || paths.len() > MANY {
            return Err(format!("name from 1 to {MANY} files"));
        }
        let place = self.place(host)?;
        paths
            .iter()
            .map(|path| Ok((path.clone(), self.node(place, path)?.clone())))
            .collect()
    }
}
