//! The filter of system calls: what an ordinary program never needs, and what was not there when
//! this was written, is refused.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

/// The last system call that was looked at here: file_setattr(2) of Linux 6.17. Later ones do not
/// exist for the confined process until somebody has looked at them.
const LAST_KNOWN: u32 = 469;

/// open_tree_attr(2), which the C library's table does not have yet; of the mount family.
const OPEN_TREE_ATTR: i64 = 467;

/// Numbers from here on are of the x32 interface, whose calls the other rules do not name.
const X32: u32 = 0x4000_0000;

const REFUSED: &[i64] = &[
    // Rings perform calls that no filter sees.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Into other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Mounts, roots and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_open_by_handle_at,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_syslog,
    libc::SYS_lookup_dcookie,
    libc::SYS_fanotify_init,
    // Keys that outlive the process.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // The whole machine.
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_nfsservctl,
    libc::SYS_vhangup,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_mbind,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_set_mempolicy,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ustat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_sysfs,
];

/// Programs for the kernel, in the order in which they are put on.
pub(super) fn programs(own_network: bool) -> io::Result<Vec<BpfProgram>> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for number in REFUSED {
        refused.insert(*number, Vec::new());
    }
    let made = || -> Result<_, seccompiler::BackendError> {
        refused.insert(libc::SYS_clone, clone()?);
        refused.insert(libc::SYS_personality, personality()?);
        refused.insert(libc::SYS_ioctl, ioctl()?);
        refused.insert(libc::SYS_socket, socket(own_network)?);
        let refuse = compile(refused, libc::EPERM)?;
        // Its flags lie in memory that a filter cannot read. Programs then use clone(2).
        let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
        Ok(vec![refuse, compile(absent, libc::ENOSYS)?, unknown()])
    };
    made().map_err(io::Error::other)
}

/// Puts the programs on. From here on they bind this process and all that come from it.
pub(super) fn put_on(programs: &[BpfProgram]) -> io::Result<()> {
    programs
        .iter()
        .try_for_each(|program| seccompiler::apply_filter(program).map_err(io::Error::other))
}

/// Refuses what is named with an error and lets all else pass. Calls of another architecture's
/// interface, such as the 32-bit one, kill the process.
fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    error: i32,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    let here = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, here)?.try_into()
}

fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

fn number(value: i32) -> u64 {
    u64::from(value.unsigned_abs())
}

/// Any new namespace.
fn clone() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let kinds = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let mut rules = Vec::new();
    for kind in kinds.map(number) {
        let condition = condition(0, SeccompCmpOp::MaskedEq(kind), kind)?;
        rules.push(SeccompRule::new(vec![condition])?);
    }
    Ok(rules)
}

/// Any but the ordinary one, which programs ask for and set.
fn personality() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let other = vec![
        condition(0, SeccompCmpOp::Ne, 0)?,
        condition(0, SeccompCmpOp::Ne, u64::from(u32::MAX))?,
    ];
    Ok(vec![SeccompRule::new(other)?])
}

/// Typing into a terminal as if a person had, and other ways to reach who else uses it.
fn ioctl() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    const TIOCLINUX: u64 = 0x541C;
    let requests = [
        u64::from(libc::TIOCSTI as u32),
        TIOCLINUX,
        u64::from(libc::TIOCCONS as u32),
        u64::from(libc::TIOCSETD as u32),
    ];
    let mut rules = Vec::new();
    for request in requests {
        rules.push(SeccompRule::new(vec![condition(
            1,
            SeccompCmpOp::Eq,
            request,
        )?])?);
    }
    Ok(rules)
}

/// All kinds of sockets but those of files, of TCP and UDP, and the one that tells of interfaces.
/// Where the network is the host's, UDP is refused too: Landlock has no rules for it.
fn socket(own_network: bool) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let [unix, inet, inet6, netlink] = [
        libc::AF_UNIX,
        libc::AF_INET,
        libc::AF_INET6,
        libc::AF_NETLINK,
    ]
    .map(number);
    let mut rules = Vec::new();
    let mut others = Vec::new();
    for domain in [unix, inet, inet6, netlink] {
        others.push(condition(0, SeccompCmpOp::Ne, domain)?);
    }
    rules.push(SeccompRule::new(others)?);
    rules.push(SeccompRule::new(vec![
        condition(0, SeccompCmpOp::Eq, netlink)?,
        condition(2, SeccompCmpOp::Ne, number(libc::NETLINK_ROUTE))?,
    ])?);
    for domain in [inet, inet6] {
        // MPTCP, SCTP and others go round Landlock's rules for TCP.
        rules.push(SeccompRule::new(vec![
            condition(0, SeccompCmpOp::Eq, domain)?,
            condition(2, SeccompCmpOp::Ne, 0)?,
            condition(2, SeccompCmpOp::Ne, number(libc::IPPROTO_TCP))?,
            condition(2, SeccompCmpOp::Ne, number(libc::IPPROTO_UDP))?,
        ])?);
        if !own_network {
            for kind in [
                libc::SOCK_DGRAM,
                libc::SOCK_RAW,
                libc::SOCK_RDM,
                libc::SOCK_SEQPACKET,
            ] {
                rules.push(SeccompRule::new(vec![
                    condition(0, SeccompCmpOp::Eq, domain)?,
                    condition(1, SeccompCmpOp::MaskedEq(0xF), number(kind))?,
                ])?);
            }
        }
    }
    Ok(rules)
}

/// Kills what calls by the x32 interface, and answers later calls as a kernel does that has not
/// got them.
fn unknown() -> BpfProgram {
    const LOAD: u16 = 0x20;
    const AT_LEAST: u16 = 0x35;
    const MORE_THAN: u16 = 0x25;
    const RETURN: u16 = 0x06;
    let line = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        line(LOAD, 0, 0, 0),
        line(AT_LEAST, 2, 0, X32),
        line(MORE_THAN, 2, 0, LAST_KNOWN),
        line(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
        line(RETURN, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
        line(
            RETURN,
            0,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_made_and_none_is_too_long() {
        for own_network in [true, false] {
            let programs = programs(own_network).unwrap();
            assert_eq!(programs.len(), 3);
            assert!(programs.iter().all(|program| program.len() < 4_096));
        }
    }

    #[test]
    fn no_call_that_is_refused_is_beyond_what_was_looked_at() {
        for number in REFUSED {
            assert!(u32::try_from(*number).unwrap() <= LAST_KNOWN);
        }
        let once: std::collections::BTreeSet<_> = REFUSED.iter().collect();
        assert_eq!(once.len(), REFUSED.len());
    }
}
