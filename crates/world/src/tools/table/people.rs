//! People, notes and thoughts.

use tribune_evidence::{AgentId, FileRef, Target, Verb};

use super::{Field, Kind, Tool, file, may, need};
use crate::Op;

pub(super) static TOOLS: &[Tool] = &[
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
        name: "think",
        about: "Write thoughts into a scratchpad.",
        fields: &[need("text", "The thoughts.")],
        make: |a| {
            let text = a.text("text");
            Ok((Verb::Think, Vec::new(), Op::Think { text }))
        },
    },
];
