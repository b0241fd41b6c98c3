// The specs of the local stack and of the built Worker on it. Arguments choose specs by a part of their path.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { run, runTask } from "../run.mjs";

const WAITING = "tests/worker/waiting/";

const chosen = process.argv.slice(2);
const specs = ["tests/stack", "tests/worker"]
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
const beside = waiting.length > 0 ? startBeside(["--test", ...waiting]) : undefined;
if (working.length > 0) run(process.execPath, ["--test", "--test-concurrency=1", ...working]);
if (beside) process.exit(await beside);

function startBeside(args) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const shown = [];
  child.stdout.on("data", (bytes) => shown.push(bytes));
  process.on("exit", () => child.kill());
  return new Promise((resolve) => {
    child.on("close", (code) => {
      process.stdout.write(`\n$ ${process.execPath} ${args.join(" ")}\n${Buffer.concat(shown)}`);
      resolve(code ?? 1);
    });
  });
}
