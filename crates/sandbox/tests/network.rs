//! The one way out, and that there is no other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]
#![allow(
    unsafe_code,
    reason = "a signal to every process there is takes a system call"
)]

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use common::{Folder, attempt, finish, run, said, shell};
use tribune_sandbox::{How, Item, Plan, Require, WayOut, spawn};

/// The guard's port inside.
const PORT: u16 = 4_096;

/// A stand-in for the guard: a socket that gives back what it gets, with a word before it.
struct Guard {
    folder: Folder,
}

impl Guard {
    fn new() -> Self {
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                std::thread::spawn(move || echo(stream.unwrap()));
            }
        });
        Self { folder }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn plan(&self, name: &str) -> Plan {
        let mut plan = attempt(name);
        plan.way_out = Some(WayOut {
            socket: self.socket(),
            port: PORT,
        });
        plan
    }
}

fn echo(mut stream: UnixStream) {
    let mut buffer = vec![0; 64 << 10];
    if stream.write_all(b"guard:").is_err() {
        return;
    }
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 || stream.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
}

/// One request to the guard, told to be over, and the whole answer.
fn ask(port: u16, text: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(text.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// What runs inside: it panics where it does not find what it should.
#[test]
#[ignore = "runs inside a confined process"]
fn attempt_inside() {
    match variable("ATTEMPT").as_str() {
        "requests" => {
            for number in 0..1_000 {
                let text = format!("request {number}");
                assert_eq!(ask(PORT, &text).unwrap(), format!("guard:{text}"));
            }
        }
        "bulk" => bulk(),
        "many at once" => {
            let mut streams: Vec<TcpStream> = (0..300)
                .map(|_| TcpStream::connect(("127.0.0.1", PORT)).unwrap())
                .collect();
            for (number, mut stream) in streams.drain(..).enumerate() {
                write!(stream, "{number}").unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert_eq!(answer, format!("guard:{number}"));
            }
        }
        "connect" => {
            let port = variable("PORT").parse().unwrap();
            let error = ask(port, "anybody?").unwrap_err();
            std::process::exit(error.raw_os_error().unwrap());
        }
        "own server" => {
            let server = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = server.local_addr().unwrap().port();
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(_) => std::process::exit(0),
                Err(error) => std::process::exit(error.raw_os_error().unwrap()),
            }
        }
        "datagram" => {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let _ = socket.send_to(
                b"anybody?",
                ("127.0.0.1", variable("PORT").parse().unwrap()),
            );
            assert!(socket.send_to(b"anybody?", "192.0.2.1:53").is_err());
            assert!(("example.com", 80).to_socket_addrs().is_err());
            assert_eq!(("localhost", 80).to_socket_addrs().unwrap().count(), 1);
        }
        "abstract" => {
            let address = SocketAddr::from_abstract_name(variable("NAME")).unwrap();
            let error = UnixStream::connect_addr(&address).unwrap_err();
            std::process::exit(error.raw_os_error().unwrap());
        }
        "socket file" => {
            let error = UnixStream::connect(variable("NAME")).unwrap_err();
            std::process::exit(error.raw_os_error().unwrap());
        }
        "kill all" => {
            // SAFETY: kill(2) takes two numbers; this spares the caller and the keeper.
            unsafe { libc::kill(-1, libc::SIGKILL) };
            let own: Vec<i32> = std::fs::read_dir("/proc/self/task")
                .unwrap()
                .map(|task| task.unwrap().file_name().to_str().unwrap().parse().unwrap())
                .collect();
            for process in (1..70_000).filter(|one| !own.contains(one)) {
                // SAFETY: as above.
                unsafe { libc::kill(process, libc::SIGKILL) };
            }
            assert_eq!(ask(PORT, "still there?").unwrap(), "guard:still there?");
        }
        "guard gone" => {
            // The socket is gone: what is connected to is closed, and nothing else opens.
            assert!(ask(PORT, "anybody?").map_or(true, |answer| answer.is_empty()));
            assert!(ask(PORT + 1, "anybody?").is_err());
        }
        other => panic!("there is no attempt {other}"),
    }
}

/// 8 MiB to the guard while 8 MiB come back.
fn bulk() {
    const SIZE: usize = 8 << 20;
    let byte = |place: usize| (place.wrapping_mul(2_654_435_761) >> 13) as u8;
    let stream = TcpStream::connect(("127.0.0.1", PORT)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        let bytes: Vec<u8> = (0..SIZE).map(byte).collect();
        writer.write_all(&bytes).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut back = Vec::new();
    (&stream).read_to_end(&mut back).unwrap();
    writing.join().unwrap();
    assert_eq!(&back[..6], b"guard:");
    assert_eq!(back.len(), SIZE + 6);
    assert!(
        back[6..]
            .iter()
            .enumerate()
            .all(|(place, got)| *got == byte(place))
    );
}

fn well(plan: &Plan) {
    let came = run(plan);
    assert_eq!(came.how, How::Exited(0), "{came:?}");
}

#[test]
fn a_thousand_requests_pass() {
    well(&Guard::new().plan("requests"));
}

#[test]
fn eight_mebibytes_pass_both_ways_at_once() {
    well(&Guard::new().plan("bulk"));
}

#[test]
fn more_connections_than_are_carried_at_once_wait_their_turn() {
    well(&Guard::new().plan("many at once"));
}

#[test]
fn another_port_of_the_host_is_not_reached() {
    let guard = Guard::new();
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = host.local_addr().unwrap().port();
    let mut plan = guard.plan("connect");
    plan.environment
        .push(("PORT".into(), port.to_string().into()));
    assert_eq!(common::tried(&plan), libc::EACCES, "by Landlock");
    // Nor where Landlock lets it pass: there is nobody on this loopback.
    plan.own_loopback = true;
    assert_eq!(common::tried(&plan), libc::ECONNREFUSED);
    // Nor where the network is the host's, as long as there is Landlock.
    plan.own_loopback = false;
    plan.without.insert(Item::NetNamespace);
    plan.require = Require::none();
    let host_port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    plan.way_out.as_mut().unwrap().port = host_port;
    assert_eq!(common::tried(&plan), libc::EACCES);
    host.set_nonblocking(true).unwrap();
    assert_eq!(
        host.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
    // With neither the host is reached, so that the test could fail.
    plan.without.insert(Item::LandlockFiles);
    host.set_nonblocking(false).unwrap();
    let accepting = std::thread::spawn(move || host.accept().map(|_| ()));
    let _ = run(&plan);
    accepting.join().unwrap().unwrap();
}

#[test]
fn servers_of_its_own_are_reached_only_where_the_plan_lets_it() {
    let mut plan = attempt("own server");
    assert_eq!(common::tried(&plan), libc::EACCES);
    plan.own_loopback = true;
    assert_eq!(common::tried(&plan), 0);
}

#[test]
fn datagrams_names_and_abstract_sockets_lead_nowhere() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let mut plan = attempt("datagram");
    let port = udp.local_addr().unwrap().port();
    plan.environment
        .push(("PORT".into(), port.to_string().into()));
    well(&plan);
    assert!(udp.recv(&mut [0; 16]).is_err());

    let name = format!("tribune-test-{}-{}", std::process::id(), port);
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    UnixStream::connect_addr(&address).unwrap();
    let mut plan = attempt("abstract");
    plan.environment.push(("NAME".into(), name.into()));
    assert_eq!(common::tried(&plan), libc::ECONNREFUSED);
    // With the host's network Landlock's scope holds alone.
    plan.without.insert(Item::NetNamespace);
    plan.require = Require::none();
    assert_eq!(common::tried(&plan), libc::EPERM);

    let guard = Guard::new();
    let mut plan = guard.plan("socket file");
    plan.environment
        .push(("NAME".into(), guard.socket().into()));
    assert_eq!(
        common::tried(&plan),
        libc::ENOENT,
        "not even the guard's own socket is seen"
    );
}

#[test]
fn there_is_a_loopback_and_nothing_else() {
    let devices = said(&shell("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '"));
    assert_eq!(devices, "lo");
    assert_eq!(said(&shell("tail -n +2 /proc/net/route | wc -l")), "0");
}

#[test]
fn what_carries_the_bytes_cannot_be_killed_from_inside() {
    well(&Guard::new().plan("kill all"));
}

#[test]
fn a_guard_that_is_gone_cuts_the_network_and_opens_nothing() {
    let guard = Guard::new();
    std::fs::remove_file(guard.socket()).unwrap();
    well(&guard.plan("guard gone"));
}

#[test]
fn a_client_that_python_writes_gets_through() {
    if !std::path::Path::new("/usr/bin/python3").exists() {
        println!("python is not installed here");
        return;
    }
    let guard = Guard::new();
    let code = "import socket; s = socket.create_connection(('localhost', 4096)); s.sendall(b'hello'); s.shutdown(1); print(s.makefile().read())";
    let mut plan = common::plan(["/usr/bin/python3", "-c", code]);
    plan.way_out = Some(WayOut {
        socket: guard.socket(),
        port: PORT,
    });
    assert_eq!(finish(spawn(&plan).unwrap()).output, "guard:hello\n");
}

#[test]
fn all_of_it_as_nobody() {
    common::again_as_nobody("as_nobody");
}
