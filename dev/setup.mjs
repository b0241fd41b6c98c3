// Everything a fresh machine needs, step by step; each step is skipped when its result is there. Runs on Node 20 with
// nothing installed, so it uses Node's own modules only.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { postgrestBinary } from "./stack/database/postgrest.mjs";
import { chromiumBinary, promtoolBinary, toolBin, toolRoot } from "./tools.mjs";
import { OPENAPI_SPEC_VALIDATOR, SCHEMATHESIS, WASM_BINDGEN, WORKER_BUILD } from "./versions.mjs";

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

function lockDigest() {
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json"]) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

function npmPackages() {
  const stamp = join(root, "node_modules", ".setup");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lockDigest()) return;
  say("npm packages from the lock file (half a minute)");
  // Not `npm ci`: where a registry lacks a package for another operating system it refuses the lock file. Nothing is
  // saved: such a registry would also change the lock file.
  const [npm, ...first] = npmCommand();
  run(npm, [...first, "install", "--no-save", "--no-audit", "--no-fund"], "Is the npm registry reachable? Then try again.");
  writeFileSync(stamp, lockDigest());
}

// npm runs this and says where it is itself; by its name alone it is a script that only some shells find.
function npmCommand() {
  const script = process.env.npm_execpath;
  return script?.endsWith("npm-cli.js") ? [process.execPath, script] : ["npm"];
}

function rust() {
  if (!has("cc")) {
    fail("a C compiler is missing", "Rust links with it: apt-get install build-essential (Debian, Ubuntu), xcode-select --install (macOS).");
  }
  if (!has("rustup")) {
    fail("rustup is missing", "Install it as its site says (rustup with a stable toolchain), then try again.");
  }
  const pinned = /channel = "(.+)"/.exec(readFileSync(join(root, "rust-toolchain.toml"), "utf8"))[1];
  // rustup fetches the pinned toolchain when it is first named.
  const { status, stdout } = spawnSync("rustc", ["--print", "sysroot"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) fail(`Rust ${pinned} is not there`, `Is the Rust release server reachable? Then try: rustup toolchain install ${pinned}`);
  if (!existsSync(join(stdout.trim(), "lib", "rustlib", "wasm32-unknown-unknown"))) {
    say(`the wasm32 target of Rust ${pinned}`);
    run("rustup", ["target", "add", "wasm32-unknown-unknown"], "Is the Rust release server reachable? Then try again.");
  }
  return pinned;
}

function postgrest() {
  try {
    postgrestBinary();
  } catch (error) {
    fail("PostgREST is missing", error.message);
  }
}

function tool(toolchain, name, version, binary, args) {
  if (existsSync(toolBin(name, version, binary))) return;
  say(`${name} ${version} (some two minutes, once for all clones)`);
  const into = toolRoot(name, version);
  mkdirSync(into, { recursive: true });
  // A debug build takes half the time to make, and what it does here takes no time.
  const command = ["install", name, "--version", version, "--debug", "--root", into, ...args];
  const env = { ...process.env, RUSTUP_TOOLCHAIN: toolchain };
  run("cargo", command, "Is the crates registry reachable? Then try again.", { env });
}

function redis() {
  if (has("redis-server")) return;
  debian("redis-server", "Install it: apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS).");
}

function chromium() {
  if (chromiumBinary()) return;
  const named = process.env.CHROMIUM;
  if (named) fail(`CHROMIUM=${named} is no Chromium that starts`, "Name the program itself, or leave CHROMIUM out and let an installed one be found.");
  const remedy = "Install it: apt-get install chromium (Debian), Chrome's own package or brew install chromium elsewhere; or name one in CHROMIUM.";
  debian("chromium", remedy);
  if (!chromiumBinary()) fail("the Chromium that was installed does not start", remedy);
}

// A virtual environment of what tests the Worker from its OpenAPI document. The stamp is written last: without it, what is there broke off.
function openapiTools() {
  const into = toolRoot("schemathesis", SCHEMATHESIS);
  const stamp = join(into, ".setup");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === OPENAPI_SPEC_VALIDATOR) return;
  const remedy = "Install Python 3.10 or newer with venv: apt-get install python3-venv (Debian, Ubuntu), brew install python (macOS).";
  if (!python()) debian("python3-venv", remedy);
  const found = python();
  if (!found) fail("a Python 3.10 or newer with venv is missing", remedy);
  say(`schemathesis ${SCHEMATHESIS} and openapi-spec-validator ${OPENAPI_SPEC_VALIDATOR} (half a minute, once for all clones)`);
  rmSync(into, { recursive: true, force: true });
  run(found, ["-m", "venv", into], remedy);
  const packages = [`schemathesis==${SCHEMATHESIS}`, `openapi-spec-validator==${OPENAPI_SPEC_VALIDATOR}`];
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
  run(toolBin("schemathesis", SCHEMATHESIS, "python"), install, "Is PyPI reachable? Then try again.");
  writeFileSync(stamp, OPENAPI_SPEC_VALIDATOR);
}

// The system's own is asked as well: another `python3` may stand before it on PATH.
function python() {
  const check = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";
  return ["python3", "/usr/bin/python3"].find((command) => spawnSync(command, ["-c", check], { stdio: "ignore" }).status === 0);
}

// Installs a package of Debian's, if root of a Debian runs this.
function debian(name, remedy) {
  const asRoot = process.getuid?.() === 0;
  if (!asRoot || spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status !== 0) fail(`${name} is missing`, remedy);
  say(`${name}, by apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-q"], "Are Debian's package servers reachable? Then try again.", { env });
  withoutServices(() => {
    const install = ["install", "-q", "-y", "--no-install-recommends", name];
    run("apt-get", install, "See what apt-get says above.", { env });
  });
}

// The package would start a server of its own. Debian's packages ask this file first, and 101 forbids it. It must not
// stay behind, so a signal waits until the installation, which got it too, has ended.
function withoutServices(install) {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return install();
  const remove = () => rmSync(policy, { force: true });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => {});
  process.once("exit", remove);
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  install();
  remove();
}

// Of Debian's package the one binary, which is unpacked and not installed: the package would bring a server and its service.
function promtool() {
  if (promtoolBinary()) return;
  if (!has("apt-get") || !has("dpkg")) {
    say("promtool is not installed, and what it checks is skipped: it comes with Prometheus");
    return;
  }
  say("promtool, out of Debian's package prometheus (20 MB, once for all clones)");
  const into = toolRoot("promtool", "debian");
  const unpacked = join(into, "unpacked");
  rmSync(into, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  const download = () => spawnSync("apt-get", ["download", "-q", "prometheus"], { cwd: unpacked, stdio: "inherit" }).status === 0;
  const asRoot = process.getuid?.() === 0;
  if (!download()) {
    if (!asRoot) {
      say("promtool was not found, and what it checks is skipped: apt-get update may help");
      return;
    }
    run("apt-get", ["update", "-q"], "Are Debian's package servers reachable? Then try again.");
    if (!download()) fail("apt-get download prometheus failed", "See what apt-get says above.");
  }
  const [archive] = readdirSync(unpacked);
  run("dpkg", ["-x", archive, "."], "See what dpkg says above.", { cwd: unpacked });
  mkdirSync(join(into, "bin"));
  renameSync(join(unpacked, "usr", "bin", "promtool"), toolBin("promtool", "debian", "promtool"));
  rmSync(unpacked, { recursive: true });
}

npmPackages();
const withRust = !process.argv.includes("--without-rust");
const toolchain = withRust && rust();
if (!process.argv.includes("--without-servers")) {
  redis();
  postgrest();
}
if (process.argv.includes("--with-python")) openapiTools();
if (process.argv.includes("--with-promtool")) promtool();
if (process.argv.includes("--with-chromium")) chromium();
if (withRust) {
  tool(toolchain, "worker-build", WORKER_BUILD, "worker-build", ["--locked"]);
  // Its published lock file can name versions that a mirror does not have yet, so it resolves anew.
  tool(toolchain, "wasm-bindgen-cli", WASM_BINDGEN, "wasm-bindgen", []);
}
