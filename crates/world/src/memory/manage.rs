//! What agents do beside making files: times, modes, queues, mail and questions.

use tribune_evidence::{AgentId, Change, FileRef, Timestamp};

use super::MemoryWorld;
use super::acts::Answer;
use super::files::state;

impl MemoryWorld {
    pub(super) fn set_modified(&mut self, by: &AgentId, file: FileRef, to: Timestamp) -> Answer {
        let mut node = self.file(&file)?.clone();
        let place = self.server(&file.host)?;
        let before = node.times;
        node.times.modified = to;
        let after = node.times;
        self.hosts[place].files.put(&file.path, node);
        let done = format!("Set the time of {} to {to}.", file.path);
        self.emit(
            by,
            Change::TimesSet {
                file,
                before,
                after,
            },
        );
        Ok(done)
    }

    pub(super) fn set_mode(&mut self, by: &AgentId, file: &FileRef, mode: u32) -> Answer {
        let mut node = self.file(file)?.clone();
        let place = self.server(&file.host)?;
        node.mode = mode & 0o7777;
        let state = state(&file.host, &file.path, &node);
        self.hosts[place].files.put(&file.path, node);
        self.emit(by, Change::AccessSet { state });
        Ok(format!(
            "Set the mode of {} to {:o}.",
            file.path,
            mode & 0o7777
        ))
    }

    pub(super) fn queue(&mut self, by: &AgentId, file: FileRef) -> Answer {
        self.file(&file)?;
        let place = self.server(&file.host)?;
        let now = self.now;
        let host = &mut self.hosts[place];
        let Some(due) = host.spec.cleanup_at else {
            return Err(format!("{} has no deletion queue", file.host));
        };
        if host.queue.has_run() {
            return Err(format!(
                "the deletion queue of {} has already been carried out",
                file.host
            ));
        }
        if !host.queue.add(&file.path) {
            return Err(format!("{} already waits for deletion", file.path));
        }
        // A job that had nothing to do at its time does it as soon as there is something.
        let due = due.max(now);
        let done = format!("{} will be deleted at {due}.", file.path);
        self.emit(by, Change::RemovalQueued { file, due });
        Ok(done)
    }

    pub(super) fn unqueue(&mut self, by: &AgentId, file: FileRef) -> Answer {
        let place = self.server(&file.host)?;
        if !self.hosts[place].queue.remove(&file.path) {
            return Err(format!("{} does not wait for deletion", file.path));
        }
        let done = format!("{} no longer waits for deletion.", file.path);
        self.emit(by, Change::RemovalUnqueued { file });
        Ok(done)
    }

    pub(super) fn mail(
        &mut self,
        by: &AgentId,
        (to, subject): (String, String),
        text: &str,
        attached: Vec<FileRef>,
    ) -> Answer {
        for file in &attached {
            self.file(file)?;
        }
        // An address that nobody knows is taken, as mail servers do.
        let recipient = self
            .spec
            .mailboxes
            .iter()
            .find(|mailbox| mailbox.address == to)
            .and_then(|mailbox| mailbox.agent.clone());
        self.room_for_words()?;
        let text = self.content(text);
        let done = format!("Sent to {to}.");
        self.emit(
            by,
            Change::MessageSent {
                to,
                recipient,
                subject,
                text,
                attached,
            },
        );
        Ok(done)
    }

    pub(super) fn ask(&mut self, by: &AgentId, question: &str) -> Answer {
        let Some(minutes) = self
            .spec
            .desk
            .as_ref()
            .map(|desk| desk.answer_after / 60_000)
        else {
            return Err("there is no desk here".to_owned());
        };
        self.room_for_words()?;
        let number = self.desk.ask(self.now);
        let question = self.content(question);
        self.emit(by, Change::Asked { question, number });
        Ok(format!(
            "Question {number} was left with the desk. Answers usually take {minutes} minutes; \
             check_desk shows them."
        ))
    }
}
