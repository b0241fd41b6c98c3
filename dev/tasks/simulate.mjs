// The planet, simulated: the cache's own code in hundreds of colos on virtual time, and what that comes to beside its floors
// (docs/simulation.md). Arguments name runs, and --json prints JSON: npm run simulate -- 1k 100k --json. No server is needed.
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const args = ["bench", "--locked", "--profile", "simulate", "--bench", "planet", "--", ...process.argv.slice(2)];
// Standard output is the report alone: it may be read by a program.
process.stderr.write(`\n$ cargo ${args.join(" ")}\n`);
const { status, error } = spawnSync("cargo", args, { cwd: root, stdio: "inherit" });
if (error) process.stderr.write(`cargo: ${error.message}\n`);
process.exit(status ?? 1);
