// Everything a fresh machine needs, step by step; each step is skipped when its result is there. Runs on Node 20 with
// nothing installed, so it uses Node's own modules only.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { toolBin, toolRoot } from "./tools.mjs";
import { WASM_BINDGEN, WORKER_BUILD } from "./versions.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function say(text) {
  process.stdout.write(`[setup] ${text}\n`);
}

function fail(what, remedy) {
  process.stderr.write(`[setup] ${what}\n[setup] ${remedy}\n`);
  process.exit(1);
}

// Output goes to the terminal: a step that takes minutes must show that it lives.
function run(command, args, remedy, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error || status !== 0) {
    fail(`${command} ${args.join(" ")} failed${error ? `: ${error.message}` : ` with ${status}`}`, remedy);
  }
}

function has(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

function npmPackages() {
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json"]) {
    hash.update(readFileSync(join(root, file)));
  }
  const digest = hash.digest("hex");
  const stamp = join(root, "node_modules", ".setup");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  say("npm packages from the lock file (half a minute)");
  // Not `npm ci`: where a registry lacks a package for another operating system it refuses the lock file.
  run("npm", ["install", "--no-audit", "--no-fund"], "Is the npm registry reachable? Then try again.");
  writeFileSync(stamp, digest);
}

function rust() {
  if (!has("rustup")) {
    fail("rustup is missing", "Install it as its site says (rustup with a stable toolchain), then try again.");
  }
  const pinned = /channel = "(.+)"/.exec(readFileSync(join(root, "rust-toolchain.toml"), "utf8"))[1];
  const rustup = process.env.RUSTUP_HOME ?? join(homedir(), ".rustup");
  const installed = execFileSync("rustc", ["--print", "sysroot"], { cwd: root, encoding: "utf8" }).trim();
  if (existsSync(join(installed, "lib", "rustlib", "wasm32-unknown-unknown"))) return;
  say(`the wasm32 target of Rust ${pinned} (into ${rustup})`);
  run("rustup", ["target", "add", "wasm32-unknown-unknown"], "Is the Rust release server reachable? Then try again.");
}

function tool(name, version, binary, args) {
  if (existsSync(toolBin(name, version, binary))) return;
  say(`${name} ${version} (some two minutes, once for all clones)`);
  const into = toolRoot(name, version);
  mkdirSync(into, { recursive: true });
  // A debug build takes half the time to make, and what it does here takes no time.
  const command = ["install", name, "--version", version, "--debug", "--root", into, ...args];
  // Its own target folder would be a temporary one, made anew for each tool.
  run("cargo", command, "Is the crates registry reachable? Then try again.", { cwd: homedir() });
}

function redis() {
  if (has("redis-server")) return;
  const asRoot = process.getuid?.() === 0;
  if (!asRoot || spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status !== 0) {
    fail("redis-server is missing", "Install it: apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS).");
  }
  say("redis-server, by apt-get");
  // The package would start a server of its own; policy-rc.d's answer 101 keeps it from that in this installation.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  run("apt-get", ["update", "-q"], "Are Debian's package servers reachable? Then try again.", { env });
  run("apt-get", ["install", "-q", "-y", "--no-install-recommends", "redis-server"], "See what apt-get says above.", { env });
}

npmPackages();
rust();
redis();
tool("worker-build", WORKER_BUILD, "worker-build", ["--locked"]);
// Its published lock file can name versions that a mirror does not have yet, so it resolves anew.
tool("wasm-bindgen-cli", WASM_BINDGEN, "wasm-bindgen", []);
