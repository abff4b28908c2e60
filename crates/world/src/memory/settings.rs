//! Settings, and the controllers that read them when their time has come.

use tribune_evidence::{AgentId, Change, FileRef, ModelState};

use super::MemoryWorld;
use super::acts::Answer;
use crate::setting::{Setting, setting, with_setting};

/// The largest file that settings are read from for an agent, in bytes. A controller reads any.
const SETTINGS_LIMIT: usize = 1024 * 1024;
/// The longest value that is shown, in bytes.
const SHOWN: usize = 4 * 1024;

impl MemoryWorld {
    /// The text of a settings file.
    fn settings(&self, file: &FileRef) -> Result<&str, String> {
        let bytes = &self.file(file)?.bytes;
        if bytes.len() > SETTINGS_LIMIT {
            return Err(format!("{} is too large to hold settings", file.path));
        }
        std::str::from_utf8(bytes).map_err(|_| format!("{} is not a text", file.path))
    }

    pub(super) fn read_setting(&mut self, by: &AgentId, file: FileRef, key: &str) -> Answer {
        let text = match setting(self.settings(&file)?, key) {
            Setting::Is(value) => {
                let cut = value.floor_char_boundary(SHOWN);
                format!("{key}: {}", &value[..cut])
            }
            Setting::Missing => return Err(format!("there is no setting {key} in {}", file.path)),
            Setting::Repeated => {
                return Err(format!("{key} is set more than once in {}", file.path));
            }
        };
        let content = self.file(&file)?.content.clone();
        self.emit(by, Change::FileRead { file, content });
        Ok(text)
    }

    pub(super) fn change_setting(
        &mut self,
        by: &AgentId,
        file: FileRef,
        key: &str,
        value: &str,
    ) -> Answer {
        let text = with_setting(self.settings(&file)?, key, value)?;
        let done = format!("Set {key} in {} to {value}.", file.path);
        self.write(by, file, &text, false)?;
        Ok(done)
    }

    /// A controller reads its setting and, where it is on, stops its model. A setting that says
    /// neither is taken as the controller takes a missing one.
    pub(super) fn control(&mut self, place: usize) {
        let controller = self.spec.controllers[place].clone();
        let text = self
            .file(&controller.file)
            .ok()
            .and_then(|node| std::str::from_utf8(&node.bytes).ok());
        let found = text.and_then(|text| setting(text, &controller.key).switch());
        let taken_as = found.unwrap_or(controller.missing);
        self.emit(
            &controller.agent,
            Change::SettingRead {
                file: controller.file,
                key: controller.key,
                found,
                taken_as,
            },
        );
        if taken_as {
            self.bring_at_least(&controller.agent, &controller.stops, ModelState::Stopped);
        }
    }
}
