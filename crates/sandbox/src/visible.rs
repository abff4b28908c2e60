//! What of the system a confined process sees: names that hold programs, libraries and settings that
//! are no secret. All else of the host is not hidden but absent.

use std::path::{Path, PathBuf};

/// Folders of programs and libraries. Where one is a symbolic link, as `/bin` mostly is, the link is
/// made inside.
pub(crate) const SYSTEM: &[&str] = &[
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
];

/// Names under `/etc` that programs need and that hold no secret. Users, groups and names of hosts
/// are made up inside (see `inner::root`), not shown.
pub(crate) const SETTINGS: &[&str] = &[
    "alternatives",
    "alpine-release",
    "bash.bashrc",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "fonts",
    "gai.conf",
    "host.conf",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "lsb-release",
    "magic",
    "mime.types",
    "networks",
    "os-release",
    "perl",
    "pki/ca-trust",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "profile",
    "profile.d",
    "protocols",
    "python3",
    "redhat-release",
    "rpc",
    "services",
    "shells",
    "ssl/cert.pem",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
    "xdg",
];

/// Devices that give nothing away.
pub(crate) const DEVICES: &[&str] = &["full", "null", "random", "tty", "urandom", "zero"];

/// Files under `/proc` that tell of the host's kernel more than programs need.
pub(crate) const KERNEL: &[&str] = &[
    "config.gz",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "kmsg",
    "latency_stats",
    "sched_debug",
    "sysrq-trigger",
    "timer_list",
    "timer_stats",
];

/// Why a path holds too much to be shown or written as a whole.
pub(crate) fn too_wide(path: &Path) -> Option<&'static str> {
    for own in ["/proc", "/sys", "/dev"] {
        if path.starts_with(own) {
            return Some("the kernel's files are made anew inside");
        }
    }
    match path.to_str()? {
        "/" => Some("it is the whole host"),
        "/run" | "/var" | "/var/run" => Some("sockets of other programs are in it"),
        "/run/user" => Some("sockets of other users' programs are in it"),
        "/etc" => Some("keys and passwords are in it"),
        _ => None,
    }
}

/// What under a home folder is a secret or a way to other programs, for [`Plan::hidden`]: keys,
/// tokens, wallets, histories, agents' sockets and this program's own state.
///
/// [`Plan::hidden`]: crate::Plan::hidden
pub fn secrets_of(home: &Path) -> Vec<PathBuf> {
    const NAMES: &[&str] = &[
        ".ansible",
        ".aws",
        ".azure",
        ".bash_history",
        ".bitcoin",
        ".cargo/credentials",
        ".cargo/credentials.toml",
        ".config/chromium",
        ".config/gcloud",
        ".config/gh",
        ".config/git/credentials",
        ".config/google-chrome",
        ".config/hub",
        ".config/op",
        ".config/rclone",
        ".config/sops",
        ".config/tribune",
        ".docker",
        ".ethereum",
        ".git-credentials",
        ".gnupg",
        ".kube",
        ".local/share/keyrings",
        ".local/share/password-store",
        ".local/state/tribune",
        ".mozilla",
        ".mysql_history",
        ".netrc",
        ".node_repl_history",
        ".npmrc",
        ".password-store",
        ".pgpass",
        ".psql_history",
        ".putty",
        ".pypirc",
        ".python_history",
        ".ssh",
        ".terraform.d",
        ".thunderbird",
        ".vault-token",
        ".viminfo",
        ".zsh_history",
        ".zhistory",
    ];
    NAMES.iter().map(|name| home.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_too_much_is_named() {
        for path in [
            "/",
            "/proc",
            "/proc/1/root",
            "/sys/fs",
            "/dev/shm",
            "/run",
            "/etc",
            "/var",
        ] {
            assert!(too_wide(Path::new(path)).is_some(), "{path}");
        }
        for path in ["/home/a", "/var/lib/x", "/etc/ssl", "/procfs", "/run/app"] {
            assert!(too_wide(Path::new(path)).is_none(), "{path}");
        }
    }

    #[test]
    fn no_setting_holds_passwords() {
        for name in [
            "shadow",
            "passwd",
            "sudoers",
            "ssh",
            "ssl",
            "ssl/private",
            "pki",
            "environment",
        ] {
            assert!(!SETTINGS.contains(&name), "{name}");
        }
        assert!(secrets_of(Path::new("/h")).contains(&PathBuf::from("/h/.ssh")));
    }
}
