//! The fake Redis of the native tests, and redis-server in a process of its own on a socket in a folder of its own.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
    sync::Mutex,
    thread,
    time::Duration,
};

use async_trait::async_trait;
use model_catalog_edge::ports::{Command, Redis, Reply, TierError};

use super::support::{redis::FakeRedis, sim::Sim};

/// A Redis that can be asked without waiting.
pub trait Server {
    fn run(&self, words: &[&str]) -> Reply;

    /// Its time in ms.
    fn now(&self) -> u64 {
        let Reply::Array(parts) = self.run(&["TIME"]) else { panic!("no time") };
        let number = |part: &Reply| match part {
            Reply::Text(text) => text.parse::<u64>().expect("a number"),
            part => panic!("{part:?} is no number"),
        };
        number(&parts[0]) * 1_000 + number(&parts[1]) / 1_000
    }

    /// How far its time may move on while a case is tried.
    fn slack_ms(&self) -> u64;
}

/// As the production's port.
pub struct Direct<'a>(pub &'a dyn Server);

#[async_trait(?Send)]
impl Redis for Direct<'_> {
    async fn pipeline(
        &self,
        commands: Vec<Command>,
        _timeout: Duration,
    ) -> Result<Vec<Reply>, TierError> {
        let run = |words: &Command| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            self.0.run(&words.iter().map(String::as_str).collect::<Vec<&str>>())
        };
        Ok(commands.iter().map(run).collect())
    }
}

/// The fake Redis: its time stands still.
pub struct Fake(FakeRedis);

impl Fake {
    pub fn new() -> Self {
        Self(FakeRedis::new(&Sim::new(1)))
    }
}

impl Server for Fake {
    fn run(&self, words: &[&str]) -> Reply {
        if words == ["FLUSHALL"] {
            self.0.flush();
            return Reply::Nil;
        }
        self.0.run(words)
    }

    fn slack_ms(&self) -> u64 {
        0
    }
}

/// A redis-server, which ends with this.
pub struct Real {
    process: Mutex<Child>,
    stream: Mutex<BufReader<UnixStream>>,
    folder: PathBuf,
}

impl Real {
    /// None where no redis-server is found.
    pub fn start() -> Option<Self> {
        let folder = env::temp_dir().join(format!("model-redis-{}", std::process::id()));
        fs::create_dir_all(&folder).ok()?;
        let socket = folder.join("socket");
        let process = Process::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"])
            .arg(&folder)
            .arg("--unixsocket")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn();
        let Ok(process) = process else {
            fs::remove_dir_all(&folder).ok()?;
            return None;
        };
        let stream = Mutex::new(BufReader::new(connected(&socket)));
        Some(Self { process: Mutex::new(process), stream, folder })
    }
}

fn connected(socket: &Path) -> UnixStream {
    for _ in 0..500 {
        if let Ok(stream) = UnixStream::connect(socket) {
            return stream;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("redis-server does not listen on {}", socket.display());
}

impl Drop for Real {
    fn drop(&mut self) {
        if let Ok(process) = self.process.get_mut() {
            // What has ended needs no ending.
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Server for Real {
    fn run(&self, words: &[&str]) -> Reply {
        let mut stream = self.stream.lock().expect("one at a time");
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.extend(["$", &word.len().to_string(), "\r\n", word, "\r\n"]);
        }
        stream.get_mut().write_all(request.as_bytes()).expect("a connection");
        read(&mut stream)
    }

    fn slack_ms(&self) -> u64 {
        5_000
    }
}

/// A reply as the protocol of Redis writes it.
fn read(stream: &mut BufReader<UnixStream>) -> Reply {
    let mut line = String::new();
    stream.read_line(&mut line).expect("a reply");
    let (kind, rest) = line.trim_end().split_at(1);
    let number = || rest.parse::<i64>().expect("a number");
    match kind {
        "+" => Reply::Text(rest.to_owned()),
        "-" => Reply::Error(rest.to_owned()),
        ":" => Reply::Integer(number()),
        "*" => Reply::Array((0..number()).map(|_| read(stream)).collect()),
        "$" => {
            let Ok(length) = usize::try_from(number()) else { return Reply::Nil };
            let mut text = vec![0; length + 2];
            stream.read_exact(&mut text).expect("a reply");
            text.truncate(length);
            Reply::Text(String::from_utf8(text).expect("text"))
        }
        _ => panic!("{line:?} is no reply"),
    }
}
