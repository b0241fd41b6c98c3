// Mutation testing: changes one thing at a time in catalog/, cache/ and http/, and shows which change no native test notices
// (.cargo/mutants.toml). Each change meets the quick tests first, and only what survives them meets the slow ones. All of it
// takes hours: choose with the arguments of cargo-mutants, as in `npm run mutants -- --file src/cache/protocol/dating.rs`, or
// take every eighth: `npm run mutants -- --shard 0/8 --sharding round-robin`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toolBin, toolRoot } from "../tools.mjs";
import { MUTANTS } from "../versions.mjs";

// Half of the time of all native tests is these; they run when nothing else found a change.
const SLOW = ["planet_tests", "one_load_in_a_hundred", "budgets_hold", "promises_hold_in_every_schedule"];
const ROUNDS = [
  { name: "lib", optimized: "0", tests: ["--lib"] },
  { name: "native", optimized: "1", tests: ["--test", "native", "--", ...SLOW.flatMap((test) => ["--skip", test])] },
  { name: "slow", optimized: "1", tests: ["--test", "native", "--", ...SLOW] },
];
const output = join("target", "mutants");

const binary = toolBin("cargo-mutants", MUTANTS, "cargo-mutants");
if (!existsSync(binary)) {
  const into = toolRoot("cargo-mutants", MUTANTS);
  mkdirSync(into, { recursive: true });
  process.stdout.write("[mutants] cargo-mutants (some three minutes, once for all clones)\n");
  const { status } = spawnSync("cargo", ["install", "cargo-mutants", "--version", MUTANTS, "--debug", "--root", into], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const viable = new Map();
let survivors = null;
for (const round of ROUNDS) {
  if (survivors?.length === 0) break;
  // What survived is chosen by its name, since a shard of what is left would be others.
  const chosen = survivors === null ? process.argv.slice(2) : survivors.flatMap(named);
  test(round, chosen);
  // Deleted fields of the same files come along, whatever names are asked for (cargo-mutants 27.1.0): they were judged before.
  const asked = (name) => survivors === null || survivors.includes(name);
  const missed = listed(round, "missed").filter(asked);
  const found = [...listed(round, "caught"), ...listed(round, "timeout")].filter(asked);
  if (survivors === null) for (const name of [...missed, ...found]) viable.set(name, "missed");
  for (const name of found) viable.set(name, round.name);
  survivors = missed;
}
tell();
process.exit(survivors?.length ? 2 : 0);

function test({ name, optimized, tests }, chosen) {
  const into = join(output, name);
  mkdirSync(into, { recursive: true });
  const env = {
    ...process.env,
    // Dependencies stay built from one run to the next, and for all rounds.
    CARGO_TARGET_DIR: join(process.cwd(), output, "build"),
    CARGO_PROFILE_MUTANTS_OPT_LEVEL: optimized,
    // Most schedules of the simulation find what the first ones do.
    SIMULATION_SCHEDULES: process.env.SIMULATION_SCHEDULES ?? "60",
  };
  process.stdout.write(`\n[mutants] ${name}\n`);
  const { status } = spawnSync(binary, ["mutants", "--output", into, ...chosen, "--", ...tests], { stdio: "inherit", env });
  // 2 and 3: some survived, or ran too long.
  if (![0, 2, 3].includes(status)) process.exit(status ?? 1);
}

function listed({ name }, kind) {
  const file = join(output, name, "mutants.out", `${kind}.txt`);
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

function named(name) {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return ["--file", name.split(":")[0], "--re", `^${escaped}$`];
}

// How many were caught, by folder, and which were not.
function tell() {
  const folders = new Map();
  for (const [name, by] of viable) {
    const folder = name.split("/").slice(0, 2).join("/");
    const counts = folders.get(folder) ?? { viable: 0, missed: 0 };
    counts.viable += 1;
    if (by === "missed") counts.missed += 1;
    folders.set(folder, counts);
  }
  process.stdout.write("\n");
  for (const [folder, { viable: all, missed }] of [...folders].sort()) {
    const caught = all - missed;
    process.stdout.write(`[mutants] ${folder}: ${caught} of ${all} viable are caught, ${((100 * caught) / all).toFixed(1)} %\n`);
  }
  for (const name of survivors ?? []) process.stdout.write(`[mutants] missed: ${name}\n`);
}
