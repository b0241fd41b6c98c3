//! Scripts: real Lua 5.1 in a sandbox as Redis 7 has it, with the conversions between its values and replies. The
//! script's hash and line, which Redis appends to the text of an error, are left out.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use mlua::{Error, Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value};

use super::server::Output;

const SANDBOX: &str = include_str!("sandbox.lua");
/// Below this, numbers without a fraction are written without an exponent.
const PLAIN_MAX: u64 = 1_000_000_000_000_000;

thread_local! {
    /// One for all fakes of a thread: a simulated schedule takes about as long as making one.
    static SCRIPTS: Scripts = Scripts::new().expect("a Lua with the sandbox");
}

/// Runs a script; `call` runs a command for it.
pub fn run(
    text: &str,
    keys: &[String],
    arguments: &[String],
    call: &mut dyn FnMut(&[String]) -> Output,
) -> Output {
    SCRIPTS.with(|scripts| match scripts.compiled(text) {
        Ok(script) => scripts.run(&script, keys, arguments, call).expect("a script's result"),
        Err(error) => Output::Error(error),
    })
}

struct Scripts {
    lua: Lua,
    environment: Table,
    run: Function,
    /// `string.format`, which writes numbers as Redis does.
    format: Function,
    /// By text: what is compiled, or why it cannot be.
    compiled: RefCell<HashMap<String, Result<Function, String>>>,
}

impl Scripts {
    fn new() -> mlua::Result<Self> {
        let libraries = StdLib::STRING | StdLib::TABLE | StdLib::MATH;
        // A panic ends the test, whatever the script catches.
        let options = LuaOptions::new().catch_rust_panics(false);
        let lua = Lua::new_with(libraries, options)?;
        let format = lua.globals().get::<Table>("string")?.get("format")?;
        let (environment, run) = lua.load(SANDBOX).set_name("@sandbox").call(())?;
        Ok(Self { lua, environment, run, format, compiled: RefCell::default() })
    }

    fn compiled(&self, text: &str) -> Result<Function, String> {
        if let Some(known) = self.compiled.borrow().get(text) {
            return known.clone();
        }
        let chunk = self.lua.load(text).set_name("@user_script");
        let script = chunk.set_environment(self.environment.clone()).into_function();
        let script = script.map_err(|error| match error {
            Error::SyntaxError { message, .. } => {
                format!("ERR Error compiling script (new function): {message}")
            }
            other => panic!("{other}"),
        });
        self.compiled.borrow_mut().insert(text.to_owned(), script.clone());
        script
    }

    fn run(
        &self,
        script: &Function,
        keys: &[String],
        arguments: &[String],
        call: &mut dyn FnMut(&[String]) -> Output,
    ) -> mlua::Result<Output> {
        let keys = self.lua.create_sequence_from(keys.iter().map(String::as_str))?;
        let arguments = self.lua.create_sequence_from(arguments.iter().map(String::as_str))?;
        self.lua.scope(|scope| {
            let host = scope.create_function_mut(|lua, words: MultiValue| {
                let output = match self.words(words)? {
                    Ok(words) => call(&words),
                    Err(text) => Output::Error(format!("ERR {text}")),
                };
                value_of(lua, output)
            })?;
            output_of(self.run.call((script, keys, arguments, host))?)
        })
    }

    /// A command's words, or what is wrong with them.
    fn words(&self, values: MultiValue) -> mlua::Result<Result<Vec<String>, &'static str>> {
        if values.is_empty() {
            return Ok(Err("Please specify at least one argument for this redis lib call"));
        }
        let mut words = Vec::with_capacity(values.len());
        for value in values {
            words.push(match value {
                Value::String(text) => {
                    text.to_str().expect("the fake Redis keeps UTF-8").to_owned()
                }
                Value::Integer(number) if number.unsigned_abs() < PLAIN_MAX => number.to_string(),
                Value::Integer(_) | Value::Number(_) => self.format.call(("%.17g", value))?,
                _ => return Ok(Err("Lua redis lib command arguments must be strings or integers")),
            });
        }
        Ok(Ok(words))
    }
}

fn value_of(lua: &Lua, output: Output) -> mlua::Result<Value> {
    let field = |name: &str, text: &str| lua.create_table_from([(name, text)]).map(Value::Table);
    match output {
        Output::Nil => Ok(Value::Boolean(false)),
        Output::Integer(value) => Ok(Value::Integer(value)),
        Output::Bulk(text) => lua.create_string(text.as_bytes()).map(Value::String),
        Output::Status(text) => field("ok", &text),
        Output::Error(text) => field("err", &text),
        Output::Array(items) => {
            let values = items.into_iter().map(|item| value_of(lua, item));
            let values = values.collect::<mlua::Result<Vec<_>>>()?;
            lua.create_sequence_from(values).map(Value::Table)
        }
    }
}

fn output_of(value: Value) -> mlua::Result<Output> {
    Ok(match value {
        Value::Boolean(true) => Output::Integer(1),
        Value::Integer(number) => Output::Integer(number),
        // As C casts it: what no integer holds is the least one.
        Value::Number(number) => {
            Output::Integer(format!("{:.0}", number.trunc()).parse().unwrap_or(i64::MIN))
        }
        Value::String(text) => Output::Bulk(Rc::from(text.to_string_lossy())),
        Value::Table(table) => {
            if let Value::String(text) = table.raw_get("err")? {
                return Ok(Output::Error(text.to_string_lossy()));
            }
            if let Value::String(text) = table.raw_get("ok")? {
                return Ok(Output::Status(Rc::from(text.to_string_lossy())));
            }
            // The first nil ends it.
            let items = table.sequence_values::<Value>();
            Output::Array(items.map(|item| output_of(item?)).collect::<mlua::Result<_>>()?)
        }
        _ => Output::Nil,
    })
}
