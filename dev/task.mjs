// What every npm script runs: set-up, then dev/tasks/<name>.mjs on the Node that set-up installed. Runs on Node 20 with
// nothing installed, in any shell. Arguments after the name go to the task: npm run test:worker -- cron.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dev = dirname(fileURLToPath(import.meta.url));
const root = dirname(dev);
const [name, ...rest] = process.argv.slice(2);
// These talk to no server of the stack, so they do not need one installed.
const WITHOUT_SERVERS = ["build", "fmt", "lint", "measure/instructions", "model", "mutants", "release/deploy", "release/package", "simulate", "test-native"];
// These check metrics and alert rules.
const WITH_PROMTOOL = ["test", "test-worker"];
// These test the Worker from its OpenAPI document.
const WITH_PYTHON = ["test", "test-worker"];
// These look at the pages.
const WITH_CHROMIUM = ["pages/screenshots", "test", "test-worker"];
const LOOPBACK = ["localhost", "127.0.0.1", "::1"];

const task = join(dev, "tasks", `${name}.mjs`);
if (!existsSync(task)) {
  process.stderr.write(`there is no task ${name}: see dev/tasks\n`);
  process.exit(1);
}
const setup = [join(dev, "setup.mjs")];
if (WITHOUT_SERVERS.includes(name)) setup.push("--without-servers");
if (WITH_PROMTOOL.includes(name)) setup.push("--with-promtool");
if (WITH_PYTHON.includes(name)) setup.push("--with-python");
if (WITH_CHROMIUM.includes(name)) setup.push("--with-chromium");
// Who deploys what a release has built needs no Rust.
if (name === "release/deploy" && rest.includes("--prebuilt")) setup.push("--without-rust");
const { status } = spawnSync(process.execPath, setup, { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const node = installedNode();
const child = spawn(node, [task, ...rest], { cwd: root, stdio: "inherit", env: environment(node) });
// The task ends in its own order, and this process ends as it did.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  process.stderr.write(`${node}: ${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));

function installedNode() {
  const path = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  return existsSync(path) ? path : process.execPath;
}

// Loopback is never asked through a proxy, and whoever looks for `node` finds the installed one.
function environment(node) {
  const path = Object.keys(process.env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  const given = process.env.no_proxy ?? process.env.NO_PROXY ?? "";
  const direct = [...new Set([...given.split(",").map((host) => host.trim()), ...LOOPBACK])].filter(Boolean).join(",");
  return {
    ...process.env,
    [path]: [dirname(node), process.env[path]].filter(Boolean).join(delimiter),
    NO_PROXY: direct,
    no_proxy: direct,
  };
}
