//! Jobs, settings and the clock.

use tribune_evidence::{Target, Verb};

use super::{Field, HOST, Kind, PATH, Tool, file, need};
use crate::Op;

const KEY: Field = need("key", "Name of the setting.");
/// Settings are on the drive too.
const SHARED: Field = need("host", "Name of the server, or drive for the shared drive.");

pub(super) static TOOLS: &[Tool] = &[
    Tool {
        name: "queue_deletion",
        about: "Put a file of a server into its deletion queue. The clean-up job deletes what is queued.",
        fields: &[HOST, PATH],
        make: |a| {
            let it = a.file("host", "path")?;
            Ok((
                Verb::FileDelete,
                vec![file(it.clone())],
                Op::QueueRemoval { file: it },
            ))
        },
    },
    Tool {
        name: "unqueue_deletion",
        about: "Take a file of a server out of its deletion queue.",
        fields: &[HOST, PATH],
        make: |a| {
            let it = a.file("host", "path")?;
            Ok((
                Verb::FileUndelete,
                vec![file(it.clone())],
                Op::UnqueueRemoval { file: it },
            ))
        },
    },
    Tool {
        name: "list_deletion_queue",
        about: "List what waits in the deletion queue of a server.",
        fields: &[HOST],
        make: |a| {
            let host = a.host("host")?;
            Ok((
                Verb::FileList,
                vec![Target::Host(host.clone())],
                Op::ListQueue { host },
            ))
        },
    },
    Tool {
        name: "disk_usage",
        about: "Show how full the disk of a server is.",
        fields: &[HOST],
        make: |a| {
            let host = a.host("host")?;
            Ok((
                Verb::FileList,
                vec![Target::Host(host.clone())],
                Op::DiskUsage { host },
            ))
        },
    },
    Tool {
        name: "read_setting",
        about: "Read one setting of a file of key: value lines.",
        fields: &[SHARED, PATH, KEY],
        make: |a| {
            let it = a.file("host", "path")?;
            let op = Op::ReadSetting {
                file: it.clone(),
                key: a.name("key")?,
            };
            Ok((Verb::FileRead, vec![file(it)], op))
        },
    },
    Tool {
        name: "change_setting",
        about: "Set one setting of a file of key: value lines. It is added if it is not there; the other lines stay as they are.",
        fields: &[SHARED, PATH, KEY, need("value", "The new value.")],
        make: |a| {
            let it = a.file("host", "path")?;
            let op = Op::ChangeSetting {
                file: it.clone(),
                key: a.name("key")?,
                value: a.text("value"),
            };
            Ok((Verb::ConfigChange, vec![file(it)], op))
        },
    },
    Tool {
        name: "wait",
        about: "Let some time pass.",
        fields: &[Field {
            name: "minutes",
            kind: Kind::Number,
            required: true,
            about: "How many minutes, at most 1440.",
        }],
        make: |a| {
            let minutes = a.number("minutes").min(1_440);
            Ok((
                Verb::TimeWait,
                Vec::new(),
                Op::Wait {
                    millis: minutes * 60_000,
                },
            ))
        },
    },
];
