//! Calls of tools that an operator mapped.

use serde_json::Value;
use tribune_evidence::{AgentId, HostId, Target};

use crate::deeds::{Deed, short};
use crate::mapping::{Mapped, Meaning};
use crate::path;
use crate::reader::{Reading, ToolCall};
use crate::schema;
use crate::shell::State;
use crate::tree::Tree;

impl Reading<'_> {
    pub(crate) fn mapped(
        &mut self,
        mapped: &Mapped,
        call: &ToolCall<'_>,
        tree: &Tree,
        schema: Option<&Value>,
    ) {
        let fault = self.mapped_fault(mapped, tree, schema);
        if let Some(host) = &mapped.host {
            self.state = State::new(HostId::new(host), Some("/".to_owned()), None);
        }
        let mut deed = Deed::new(mapped.verb);
        let mut results = Deed::new(mapped.verb);
        if let Tree::Fields(fields) = tree {
            for (name, value) in fields {
                let Some(meaning) = mapped.arguments.get(name) else {
                    continue;
                };
                let mut texts = Vec::new();
                value.texts("", &mut texts);
                for (_, text) in texts {
                    self.meant(*meaning, text, &mut deed, &mut results);
                }
            }
        }
        for target in results.targets {
            deed.target(target);
        }
        if let Some(why) = results.opaque {
            deed.unclear(why);
        }
        if deed.targets.is_empty() {
            deed.name(call.name);
        }
        match fault {
            None => self.run.deeds.add(deed),
            Some(why) => {
                deed.unclear(&why);
                self.run.deeds.add(deed);
                self.run.deeds.all_unclear(&why);
                let shells = mapped
                    .arguments
                    .values()
                    .any(|meaning| *meaning == Meaning::Shell);
                self.leftover(tree, mapped.verb, &why, shells, false);
            }
        }
    }

    #[expect(clippy::unused_self, reason = "reads as the other steps do")]
    fn mapped_fault(&self, mapped: &Mapped, tree: &Tree, schema: Option<&Value>) -> Option<String> {
        let Tree::Fields(fields) = tree else {
            return Some("the arguments are no object".to_owned());
        };
        if let Some(name) = tree.duplicate() {
            return Some(format!("the argument {:?} stands twice", short(name, 60)));
        }
        for (name, value) in fields {
            let text = |value: &Tree| matches!(value, Tree::Text(_));
            let fits = match mapped.arguments.get(name) {
                None => return Some(format!("the argument {:?} is not mapped", short(name, 60))),
                Some(Meaning::Free) => true,
                Some(_) => {
                    text(value) || matches!(value, Tree::List(items) if items.iter().all(text))
                }
            };
            if !fits && *value != Tree::Null {
                return Some(format!(
                    "the argument {:?} is of another type",
                    short(name, 60)
                ));
            }
        }
        let missing = mapped.required.iter().find(|name| {
            !fields
                .iter()
                .any(|(given, value)| given == *name && *value != Tree::Null)
        });
        if let Some(name) = missing {
            return Some(format!("the argument {:?} is missing", short(name, 60)));
        }
        schema.and_then(|schema| schema::fault(schema, &tree.value()))
    }

    fn meant(&mut self, meaning: Meaning, text: &str, deed: &mut Deed, results: &mut Deed) {
        match meaning {
            Meaning::File => {
                self.file(deed, text);
            }
            Meaning::Result => {
                self.file(results, text);
            }
            Meaning::Host => deed.host(text),
            Meaning::Address => {
                let hosts = path::hosts_in_text(text, 8);
                if hosts.is_empty()
                    && let Some(host) = path::host_of(text)
                {
                    deed.host(&host);
                }
                for host in hosts {
                    deed.host(&host);
                }
            }
            Meaning::Agent => deed.target(Target::Agent(AgentId::new(short(text, 300)))),
            Meaning::Name => deed.name(text),
            Meaning::Shell => self.commands(text),
            Meaning::Free => {}
        }
    }
}
