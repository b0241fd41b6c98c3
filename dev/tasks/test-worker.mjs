// The specs of the local stack and of the built Worker on it. Arguments choose specs by a part of their path.
import { readdirSync } from "node:fs";
import { run, runTask } from "../run.mjs";

const chosen = process.argv.slice(2);
const specs = ["tests/stack", "tests/worker"]
  .flatMap((folder) => readdirSync(folder, { recursive: true }).sort().map((name) => `${folder}/${name}`))
  .filter((path) => path.endsWith(".spec.mjs"))
  .filter((path) => chosen.length === 0 || chosen.some((part) => path.includes(part)));
if (specs.length === 0) {
  process.stderr.write(`no spec has ${chosen.join(" or ")} in its path\n`);
  process.exit(1);
}

runTask("build");
// One file at a time: each has servers of its own, and two cores are not enough for more.
run(process.execPath, ["--test", "--test-concurrency=1", ...specs]);
