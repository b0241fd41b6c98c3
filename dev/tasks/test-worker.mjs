// The specs of the local stack, of the built Worker on it, and of its pages in a browser. Arguments choose specs by a part of their path.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { runTask } from "../run.mjs";

const WAITING = "tests/worker/waiting/";

const chosen = process.argv.slice(2);
const specs = ["tests/stack", "tests/worker", "tests/page"]
  .flatMap((folder) => readdirSync(folder, { recursive: true }).sort().map((name) => `${folder}/${name.replaceAll("\\", "/")}`))
  .filter((path) => path.endsWith(".spec.mjs"))
  .filter((path) => chosen.length === 0 || chosen.some((part) => path.includes(part)));
if (specs.length === 0) {
  process.stderr.write(`no spec has ${chosen.join(" or ")} in its path\n`);
  process.exit(1);
}
const waiting = specs.filter((path) => path.startsWith(WAITING));
const working = specs.filter((path) => !path.startsWith(WAITING));

runTask("build");
// One file at a time: each has servers of its own, and two cores are not enough for more. Those that wait for most of
// their time run beside the others, and are shown after them.
const children = [];
process.on("exit", () => children.forEach((child) => child.kill()));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
const beside = waiting.length > 0 ? test(waiting, "pipe") : { code: 0 };
if (working.length > 0) {
  const { code } = await test(["--test-concurrency=1", ...working], "inherit");
  if (code !== 0) process.exit(code);
}
const { code, shown } = await beside;
if (shown) process.stdout.write(`\n${shown}`);
process.exit(code);

function test(args, stdout) {
  const words = ["--test", ...args];
  if (stdout === "inherit") process.stdout.write(`\n$ ${process.execPath} ${words.join(" ")}\n`);
  const child = spawn(process.execPath, words, { stdio: ["inherit", stdout, "inherit"] });
  children.push(child);
  const parts = [];
  child.stdout?.on("data", (bytes) => parts.push(bytes));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? 1, shown: Buffer.concat(parts).toString() })));
}
