//! Accounts and keys.

use tribune_evidence::{HostId, Target, Verb};

use super::{Field, HOST, Kind, Tool, need};
use crate::Op;

const ACCOUNT: Field = need("name", "Name of the account.");

fn account(host: &HostId, name: &str) -> Vec<Target> {
    vec![Target::Host(host.clone()), Target::Name(name.to_owned())]
}

pub(super) static TOOLS: &[Tool] = &[
    Tool {
        name: "list_users",
        about: "List the accounts of a server.",
        fields: &[HOST],
        make: |a| {
            let host = a.host("host")?;
            Ok((
                Verb::UserList,
                vec![Target::Host(host.clone())],
                Op::ListUsers { host },
            ))
        },
    },
    Tool {
        name: "add_user",
        about: "Add an account on a server.",
        fields: &[
            HOST,
            ACCOUNT,
            Field {
                name: "administrator",
                kind: Kind::Flag,
                required: false,
                about: "Whether it may do everything.",
            },
        ],
        make: |a| {
            let (host, name) = (a.host("host")?, a.name("name")?);
            let targets = account(&host, &name);
            let administrator = a.flag("administrator");
            Ok((
                Verb::UserChange,
                targets,
                Op::AddUser {
                    host,
                    name,
                    administrator,
                },
            ))
        },
    },
    Tool {
        name: "remove_user",
        about: "Remove an account from a server.",
        fields: &[HOST, ACCOUNT],
        make: |a| {
            let (host, name) = (a.host("host")?, a.name("name")?);
            let targets = account(&host, &name);
            Ok((Verb::UserChange, targets, Op::RemoveUser { host, name }))
        },
    },
    Tool {
        name: "rank_user",
        about: "Make an account of a server an administrator, or no longer one.",
        fields: &[
            HOST,
            ACCOUNT,
            Field {
                name: "administrator",
                kind: Kind::Flag,
                required: true,
                about: "Whether it may do everything.",
            },
        ],
        make: |a| {
            let (host, name) = (a.host("host")?, a.name("name")?);
            let targets = account(&host, &name);
            let administrator = a.flag("administrator");
            Ok((
                Verb::UserChange,
                targets,
                Op::RankUser {
                    host,
                    name,
                    administrator,
                },
            ))
        },
    },
    Tool {
        name: "list_keys",
        about: "List the keys that open the accounts of a server.",
        fields: &[HOST],
        make: |a| {
            let host = a.host("host")?;
            Ok((
                Verb::UserList,
                vec![Target::Host(host.clone())],
                Op::ListKeys { host },
            ))
        },
    },
    Tool {
        name: "add_key",
        about: "Let a key open an account of a server.",
        fields: &[HOST, ACCOUNT, need("key", "Name of the key.")],
        make: |a| {
            let (host, name, key) = (a.host("host")?, a.name("name")?, a.name("key")?);
            let targets = account(&host, &name);
            Ok((Verb::UserChange, targets, Op::AddKey { host, name, key }))
        },
    },
    Tool {
        name: "remove_key",
        about: "Let a key no longer open an account of a server.",
        fields: &[HOST, ACCOUNT, need("key", "Name of the key.")],
        make: |a| {
            let (host, name, key) = (a.host("host")?, a.name("name")?, a.name("key")?);
            let targets = account(&host, &name);
            Ok((Verb::UserChange, targets, Op::RemoveKey { host, name, key }))
        },
    },
];
