//! What the command-to-be gives up for good before it becomes the command.

use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, NetPort,
    PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, Scope,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitiesSecureBits, CapabilitySet, CapabilitySets};

use crate::achieved::{Achieved, Item, Strength};
use crate::message::Order;
use crate::visible::DEVICES;

use super::places::{Place, What};

/// Gives up every capability, also those that a program's file could bring.
pub(super) fn drop_privileges() -> io::Result<()> {
    let bits = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    rustix::thread::clear_ambient_capability_set()?;
    // Who has no power over its own capabilities, without a user namespace, has none to give up; that
    // there is none is looked at below, whatever these say.
    let _ = rustix::thread::set_capabilities_secure_bits(bits);
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        // The first number that is none ends it.
        if rustix::thread::capability_is_in_bounding_set(capability).is_err() {
            break;
        }
        let _ = rustix::thread::remove_capability_from_bounding_set(capability);
    }
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none)?;
    if rustix::thread::capabilities(None)? == none {
        Ok(())
    } else {
        Err(io::Error::other("some stayed"))
    }
}

/// Sets a limit of the process, never above what it already is.
fn limit(resource: Resource, wanted: u64) -> io::Result<()> {
    let most = getrlimit(resource)
        .maximum
        .map_or(wanted, |most| most.min(wanted));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(resource, limit)?)
}

/// Which limits the control groups hold already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Grouped {
    pub(super) memory: bool,
    pub(super) processes: bool,
    pub(super) processor_time: bool,
}

/// Sets the limits that a process has by itself, and notes those that no control group holds.
pub(super) fn limits(
    order: &Order,
    grouped: Grouped,
    own_users: bool,
    notes: &mut Achieved,
) -> io::Result<()> {
    let limits = &order.limits;
    limit(Resource::Core, 0)?;
    match limits.open_files {
        Some(most) => {
            limit(Resource::Nofile, most)?;
            notes.note(
                Item::OpenFilesLimit,
                Strength::full(format!("{most} for each process")),
            );
        }
        None => notes.note(Item::OpenFilesLimit, Strength::NotAsked),
    }
    let lacks = "not for all together: no control group can be made";
    if let (Some(most), false) = (limits.memory, grouped.memory) {
        let strength = match order.wants(Item::MemoryLimit) {
            Ok(()) => {
                limit(Resource::Data, most)?;
                Strength::partial(
                    format!("{} MiB of data for each process", most >> 20),
                    lacks,
                )
            }
            Err(why) => Strength::none(why),
        };
        notes.note(Item::MemoryLimit, strength);
    }
    if let (Some(most), false) = (limits.processes, grouped.processes) {
        let strength = match order.wants(Item::ProcessLimit) {
            Ok(()) => processes(most, own_users)?,
            Err(why) => Strength::none(why),
        };
        notes.note(Item::ProcessLimit, strength);
    }
    if let Some(most) = limits.processor_time {
        // Rounded up: the kernel counts whole seconds here.
        let seconds = most
            .as_secs()
            .saturating_add(u64::from(most.subsec_nanos() > 0));
        let strength = match order.wants(Item::ProcessorTimeLimit) {
            Ok(()) => {
                limit(Resource::Cpu, seconds)?;
                Strength::partial(format!("{seconds} s for each process"), lacks)
            }
            Err(why) => Strength::none(why),
        };
        if !grouped.processor_time {
            notes.note(Item::ProcessorTimeLimit, strength);
        }
    }
    Ok(())
}

fn processes(most: u64, own_users: bool) -> io::Result<Strength> {
    if rustix::process::getuid().is_root() {
        let why = "no control group can be made, and the administrator's processes are not counted";
        return Ok(Strength::none(why));
    }
    // One more, for the keeper.
    limit(Resource::Nproc, most.saturating_add(1))?;
    if own_users {
        Ok(Strength::full(format!(
            "{most}, counted by user in its own namespace"
        )))
    } else {
        Ok(Strength::partial(
            format!("{most}"),
            "all that the user runs is counted with it",
        ))
    }
}

/// Puts the command under Landlock's rules, as far as the kernel has them.
pub(super) fn landlock(
    order: &Order,
    places: &[Place],
    private: bool,
    own_network: bool,
    notes: &mut Achieved,
) -> io::Result<()> {
    let parts = [
        Item::LandlockFiles,
        Item::LandlockNetwork,
        Item::LandlockScopes,
    ];
    if let Err(why) = order.wants(Item::LandlockFiles) {
        for part in parts {
            notes.note(part, Strength::none(why));
        }
        return Ok(());
    }
    let abi = rules(order, places, private, own_network).map_err(io::Error::other)?;
    notes.landlock_abi = (abi > 0).then_some(abi);
    let since = |needed: u32, what: &str| match abi {
        0 => Strength::none("the kernel has no Landlock"),
        _ if abi >= needed => Strength::full(format!("version {abi} of its interface")),
        _ => Strength::none(format!(
            "version {abi} of its interface has no rules for {what}"
        )),
    };
    let files = match abi {
        1 | 2 => Strength::partial(
            format!("version {abi} of its interface"),
            "files can be cut short",
        ),
        _ => since(1, "files"),
    };
    notes.note(Item::LandlockFiles, files);
    let network = if order.own_loopback {
        Strength::NotAsked
    } else {
        since(4, "connections")
    };
    notes.note(Item::LandlockNetwork, network);
    notes.note(
        Item::LandlockScopes,
        since(6, "signals and abstract sockets"),
    );
    Ok(())
}

/// Makes the rules and goes under them; the version of the interface, 0 where there is none.
fn rules(
    order: &Order,
    places: &[Place],
    private: bool,
    own_network: bool,
) -> Result<u32, landlock::RulesetError> {
    let all = AccessFs::from_all(ABI::V9);
    let read = AccessFs::from_read(ABI::V9);
    let file = AccessFs::from_file(ABI::V9);
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::from_all(ABI::V6))?;
    if !order.own_loopback {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    if !own_network {
        ruleset = ruleset.handle_access(AccessNet::BindTcp)?;
    }
    let mut ruleset = ruleset.create()?;
    let mut allow = |path: &Path, access| {
        // A path that cannot be opened is not allowed, which is the safe side.
        let Ok(opened) = PathFd::new(path) else {
            return Ok(());
        };
        let access = if path.is_dir() { access } else { access & file };
        (&mut ruleset)
            .add_rule(PathBeneath::new(opened, access))
            .map(|_| ())
    };
    if private {
        allow(Path::new("/"), read)?;
        allow(Path::new("/dev"), read | (all & file))?;
        allow(Path::new("/dev/shm"), all)?;
    } else {
        for name in DEVICES {
            allow(&Path::new("/dev").join(name), all)?;
        }
    }
    for place in places {
        let access = match &place.what {
            What::Shown { write: true, .. } => all,
            What::Scratch { .. } if private => all,
            // What is in a root of our own may be read as a whole.
            What::Shown { write: false, .. } if !private => read,
            _ => continue,
        };
        allow(&place.path, access)?;
    }
    if order.socket.is_some() && !order.own_loopback {
        (&mut ruleset).add_rule(NetPort::new(order.port, AccessNet::ConnectTcp))?;
    }
    let status = ruleset.restrict_self()?;
    Ok(match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u32,
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => 0,
    })
}
