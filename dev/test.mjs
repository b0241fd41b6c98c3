// Every test: lints, native tests, the Worker's build, then specs over real servers.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";

const specs = (folder) => readdirSync(folder).filter((name) => name.endsWith(".spec.mjs")).sort().map((name) => join(folder, name));

run("node", ["dev/lint.mjs"]);
run("cargo", ["test", "--locked"]);
run("node", ["dev/build.mjs"]);
// One file at a time: each has servers of its own, and two cores are not enough for more.
run("node", ["--test", "--test-concurrency=1", ...specs("tests/stack"), ...specs("tests/worker")]);
run("node", ["dev/soak.mjs"], { SOAK_SECONDS: "60" });
