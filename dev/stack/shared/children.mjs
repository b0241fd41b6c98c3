// Child processes that cannot outlive this one: they end with stop(), with a normal exit and with a fatal signal.
// Each works in a directory of its own, which goes when the process goes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const FATAL_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const OUTPUT_KEPT_CHARS = 4_000;
const TERM_GRACE_MS = 3_000;

const running = new Set();
let parentIsWatched = false;

/**
 * Starts a program; the end of its output is kept for the message of a failed start. `files` (text by name) are in its
 * directory before it begins.
 */
export function startChild(command, args, { env, files = {} } = {}) {
  watchParent();
  const directory = mkdtempSync(path.join(os.tmpdir(), "catalog-stack-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text, { mode: 0o600 });
  const subprocess = spawn(command, args, { env, cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  const child = { subprocess, directory, output: "", failure: null, stop: () => stopChild(child) };
  running.add(child);
  for (const stream of [subprocess.stdout, subprocess.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text) => (child.output = (child.output + text).slice(-OUTPUT_KEPT_CHARS)));
  }
  subprocess.on("error", (error) => ended(child, error));
  subprocess.on("exit", (code, signal) => {
    ended(child, new Error(`${command} ended with ${signal ?? code}: ${child.output.trim()}`));
  });
  return child;
}

/** Asks `isReady` until it says yes; fails at once when the child dies, and after the deadline. */
export async function untilReady(child, isReady, { deadlineMs = 20_000, everyMs = 20 } = {}) {
  const giveUpAt = Date.now() + deadlineMs;
  while (!(await isReady())) {
    if (child.failure) throw child.failure;
    if (Date.now() > giveUpAt) {
      throw new Error(`${child.subprocess.spawnfile} did not answer within ${deadlineMs} ms: ${child.output.trim()}`);
    }
    await new Promise((later) => setTimeout(later, everyMs));
  }
}

async function stopChild(child) {
  if (!running.has(child)) return;
  const exited = once(child.subprocess, "exit");
  child.subprocess.kill("SIGTERM");
  const kill = setTimeout(() => child.subprocess.kill("SIGKILL"), TERM_GRACE_MS);
  await exited;
  clearTimeout(kill);
}

function ended(child, reason) {
  child.failure = reason;
  running.delete(child);
  rmSync(child.directory, { recursive: true, force: true });
}

function killAll() {
  for (const child of running) {
    child.subprocess.kill("SIGKILL");
    rmSync(child.directory, { recursive: true, force: true });
  }
}

function watchParent() {
  if (parentIsWatched) return;
  parentIsWatched = true;
  process.on("exit", killAll);
  for (const signal of FATAL_SIGNALS) {
    process.on(signal, function onSignal() {
      // A program with its own handler shuts down in its own order, and "exit" catches what it leaves.
      if (process.listenerCount(signal) > 1) return;
      killAll();
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    });
  }
}
