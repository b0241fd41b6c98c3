// Runs one command of a task and ends the task with it when it fails.
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function run(command, args, env = {}) {
  process.stdout.write(`\n$ ${command} ${args.join(" ")}\n`);
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, ...env } };
  const { status, error } = spawnSync(command, args, options);
  if (error) process.stderr.write(`${command}: ${error.message}\n`);
  if (error || status !== 0) process.exit(status || 1);
}

/** Runs another task, by its name, on this Node. */
export function runTask(name, args = [], env = {}) {
  run(process.execPath, [`dev/tasks/${name}.mjs`, ...args], env);
}
