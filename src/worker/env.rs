//! Settings from the environment: vars, then secrets.

use worker::Env;

use crate::ports::Vars;

pub(super) struct WorkerVars<'a>(pub(super) &'a Env);

impl Vars for WorkerVars<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let var = self.0.var(name).map(|value| value.to_string());
        var.or_else(|_| self.0.secret(name).map(|value| value.to_string())).ok()
    }
}
