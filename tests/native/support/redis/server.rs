//! How Redis runs a command: whether it knows, allows and refuses it, and what a script is allowed.

use std::rc::Rc;

use model_catalog_edge::ports::Reply;

use super::{
    commands::{self, Outcome, integer},
    keyspace::Keyspace,
    lua,
};

/// A reply; other than the port's it keeps statuses and strings apart, as scripts do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Nil,
    Integer(i64),
    Bulk(Rc<str>),
    Status(Rc<str>),
    Array(Vec<Self>),
    Error(String),
}

impl From<Output> for Reply {
    fn from(output: Output) -> Self {
        match output {
            Output::Nil => Self::Nil,
            Output::Integer(value) => Self::Integer(value),
            Output::Bulk(text) | Output::Status(text) => Self::Text(text.as_ref().to_owned()),
            Output::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Output::Error(text) => Self::Error(text),
        }
    }
}

/// Which commands the server refuses just now, each in its own words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusal {
    #[default]
    None,
    /// Writes: the user may not.
    NotPermitted,
    /// Writes, scripts that may write, and SCAN: what Upstash's read-only token may not.
    ReadOnlyToken,
    /// Writes that take room: memory is full.
    OutOfMemory,
    /// Writes: this is a replica.
    ReadOnlyReplica,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    /// Neither reads nor writes data.
    Other,
    /// A write that takes no room.
    Write,
    /// A write that takes room.
    Growth,
    /// A script that may write.
    Script,
    ReadOnlyScript,
}

impl Kind {
    fn is_write(self) -> bool {
        matches!(self, Self::Write | Self::Growth)
    }
}

/// Name, kind, and how many words a command has, its name included; at least as many, where it is negative.
const COMMANDS: [(&str, Kind, isize); 26] = [
    ("GET", Kind::Read, 2),
    ("MGET", Kind::Read, -2),
    ("STRLEN", Kind::Read, 2),
    ("EXISTS", Kind::Read, -2),
    ("TYPE", Kind::Read, 2),
    ("PTTL", Kind::Read, 2),
    ("PEXPIRETIME", Kind::Read, 2),
    ("HGETALL", Kind::Read, 2),
    ("SCAN", Kind::Read, -2),
    ("LINDEX", Kind::Read, 3),
    ("LRANGE", Kind::Read, 4),
    ("TIME", Kind::Other, 1),
    ("SET", Kind::Growth, -3),
    ("INCR", Kind::Growth, 2),
    ("INCRBY", Kind::Growth, 3),
    ("HSET", Kind::Growth, -4),
    ("HINCRBY", Kind::Growth, 4),
    ("DEL", Kind::Write, -2),
    ("UNLINK", Kind::Write, -2),
    ("RPUSH", Kind::Growth, -3),
    ("LPOP", Kind::Write, 2),
    ("LTRIM", Kind::Write, 4),
    ("PEXPIRE", Kind::Write, -3),
    ("PEXPIREAT", Kind::Write, -3),
    ("EVAL", Kind::Script, -3),
    ("EVAL_RO", Kind::ReadOnlyScript, -3),
];

/// A command that Redis knows. What only this fake does not know is a mistake in the test, not an answer.
struct Known<'a> {
    name: &'static str,
    kind: Kind,
    has_its_words: bool,
    arguments: &'a [String],
}

impl<'a> Known<'a> {
    fn of(words: &'a [String]) -> Self {
        let (name, arguments) = words.split_first().expect("a command's name");
        let known = COMMANDS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let (name, kind, arity) =
            *known.unwrap_or_else(|| panic!("the fake Redis does not know {words:?}"));
        let count = isize::try_from(words.len()).unwrap();
        let has_its_words = if arity < 0 { count >= -arity } else { count == arity };
        Self { name, kind, has_its_words, arguments }
    }
}

/// Whether a copy that lags may answer.
pub fn is_read(words: &[String]) -> bool {
    matches!(Known::of(words).kind, Kind::Read | Kind::ReadOnlyScript)
}

/// What a script may, and what it has done so far.
struct Script {
    is_read_only: bool,
    has_written: bool,
}

/// A server at one moment.
pub struct Server<'a> {
    pub data: &'a mut Keyspace,
    pub refusal: Refusal,
}

impl Server<'_> {
    /// Runs a command, as one step.
    pub fn run(&mut self, words: &[String]) -> Output {
        let command = Known::of(words);
        self.outcome(&command).unwrap_or_else(Output::Error)
    }

    fn outcome(&mut self, command: &Known<'_>) -> Outcome {
        if !command.has_its_words {
            return Err(commands::wrong_number(command.name));
        }
        self.check_permission(command)?;
        self.check_room(command)?;
        self.check_role(command)?;
        match command.kind {
            Kind::Script => self.eval(command.arguments, false),
            Kind::ReadOnlyScript => self.eval(command.arguments, true),
            _ => commands::apply(self.data, command.name, command.arguments),
        }
    }

    fn is_denied(&self, command: &Known<'_>) -> bool {
        match self.refusal {
            Refusal::NotPermitted => command.kind.is_write(),
            Refusal::ReadOnlyToken => {
                command.kind.is_write() || command.kind == Kind::Script || command.name == "SCAN"
            }
            _ => false,
        }
    }

    fn check_permission(&self, command: &Known<'_>) -> Result<(), String> {
        if !self.is_denied(command) {
            return Ok(());
        }
        let name = command.name.to_ascii_lowercase();
        Err(format!("NOPERM this user has no permissions to run the '{name}' command"))
    }

    fn check_room(&self, command: &Known<'_>) -> Result<(), String> {
        let is_refused = self.refusal == Refusal::OutOfMemory && command.kind == Kind::Growth;
        let text = "OOM command not allowed when used memory > 'maxmemory'.";
        if is_refused { Err(text.to_owned()) } else { Ok(()) }
    }

    fn check_role(&self, command: &Known<'_>) -> Result<(), String> {
        let is_refused = self.refusal == Refusal::ReadOnlyReplica && command.kind.is_write();
        let text = "READONLY You can't write against a read only replica.";
        if is_refused { Err(text.to_owned()) } else { Ok(()) }
    }

    fn eval(&mut self, words: &[String], is_read_only: bool) -> Outcome {
        let (text, count, rest) = (&words[0], integer(&words[1])?, &words[2..]);
        let Ok(count) = usize::try_from(count) else {
            return Err("ERR Number of keys can't be negative".to_owned());
        };
        let Some((keys, arguments)) = rest.split_at_checked(count) else {
            return Err("ERR Number of keys can't be greater than number of args".to_owned());
        };
        let mut script = Script { is_read_only, has_written: false };
        Ok(lua::run(text, keys, arguments, &mut |words| {
            self.call(&mut script, words).unwrap_or_else(Output::Error)
        }))
    }

    /// Runs a command of a script. Redis 7 refuses a script's first write or none: what has begun is ended.
    fn call(&mut self, script: &mut Script, words: &[String]) -> Outcome {
        let command = Known::of(words);
        let failure = |text: &str| Err(format!("ERR {text}"));
        if matches!(command.kind, Kind::Script | Kind::ReadOnlyScript) {
            return failure("This Redis command is not allowed from script");
        }
        if !command.has_its_words {
            return failure("Wrong number of args calling Redis command from script");
        }
        // Other words than outside of scripts, and no class of their own.
        if self.is_denied(&command) {
            return failure("The user executing the script can't run this command or subcommand");
        }
        if command.kind.is_write() {
            if script.is_read_only {
                return failure("Write commands are not allowed from read-only scripts.");
            }
            if !script.has_written {
                self.check_role(&command)?;
                self.check_room(&command)?;
            }
            script.has_written = true;
        }
        commands::apply(self.data, command.name, command.arguments)
    }
}
