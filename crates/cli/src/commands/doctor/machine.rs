//! What this machine has: kernel, disk, and whether user namespaces are allowed. Facts are read; what
//! confinement comes to is tried elsewhere.

use std::path::Path;

use serde::Serialize;

/// A fact of the machine.
#[derive(Debug, Serialize)]
pub(super) struct Fact {
    /// What it is about.
    pub(super) of: &'static str,
    /// What is so.
    pub(super) is: String,
    /// Whether that is as it should be.
    pub(super) good: bool,
    /// What to do, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<&'static str>,
}

/// Less free space than this is soon filled by a run with models.
const LITTLE: u64 = 1 << 30;

/// The facts of the machine.
pub(super) fn facts() -> Vec<Fact> {
    let mut facts = vec![kernel(), free(".", "disk here")];
    if let Some(folder) = tribune_record::default_key_folder() {
        // It may not be there yet; what it would be in is.
        let there = folder.ancestors().find(|folder| folder.is_dir());
        if let Some(there) = there.and_then(Path::to_str) {
            facts.push(free(there, "disk of the state folder"));
        }
    }
    facts.push(namespaces());
    facts
}

fn fact(of: &'static str, is: impl Into<String>, good: bool, fix: &'static str) -> Fact {
    Fact {
        of,
        is: is.into(),
        good,
        fix: (!good).then_some(fix),
    }
}

/// A small file of the kernel's; none where it is not there.
fn read(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(
        text.chars()
            .take(4_096)
            .collect::<String>()
            .trim()
            .to_owned(),
    )
}

fn kernel() -> Fact {
    let name = rustix::system::uname();
    let text = format!(
        "{} {} ({})",
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy(),
        name.machine().to_string_lossy()
    );
    fact("kernel", text, true, "")
}

fn free(path: &str, of: &'static str) -> Fact {
    match rustix::fs::statvfs(path) {
        Ok(about) => {
            let bytes = about.f_bavail.saturating_mul(about.f_frsize);
            let text = format!("{:.1} GiB free", bytes as f64 / f64::from(1 << 30));
            fact(
                of,
                text,
                bytes >= LITTLE,
                "free some space before a long run",
            )
        }
        Err(error) => fact(
            of,
            format!("not known: {error}"),
            false,
            "look at the folder's rights",
        ),
    }
}

fn namespaces() -> Fact {
    const OF: &str = "user namespaces";
    let number = |path: &str| read(path)?.parse::<u64>().ok();
    match number("/proc/sys/user/max_user_namespaces") {
        None => return fact(OF, "not there", false, "use a kernel that has them"),
        Some(0) => {
            return fact(
                OF,
                "none allowed",
                false,
                "sysctl user.max_user_namespaces=10000",
            );
        }
        Some(_) => {}
    }
    if number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0) {
        let fix = "sysctl kernel.unprivileged_userns_clone=1";
        return fact(OF, "for the administrator alone", false, fix);
    }
    if number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        let fix = "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile";
        return fact(OF, "restricted by AppArmor", false, fix);
    }
    fact(OF, "allowed", true, "")
}
