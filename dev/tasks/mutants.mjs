// Mutation testing: changes one thing at a time in catalog/, cache/ and http/, and shows which change no native test notices
// (.cargo/mutants.toml). All of it takes hours: choose with the arguments of cargo-mutants, as in
// `npm run mutants -- --file src/cache/protocol/dating.rs` or `npm run mutants -- --shard 3/40`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { toolBin, toolRoot } from "../tools.mjs";
import { MUTANTS } from "../versions.mjs";
import { run } from "../run.mjs";

const binary = toolBin("cargo-mutants", MUTANTS, "cargo-mutants");
if (!existsSync(binary)) {
  const into = toolRoot("cargo-mutants", MUTANTS);
  mkdirSync(into, { recursive: true });
  process.stdout.write("[mutants] cargo-mutants (some three minutes, once for all clones)\n");
  const { status } = spawnSync("cargo", ["install", "cargo-mutants", "--version", MUTANTS, "--debug", "--root", into], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
// Most schedules of the simulation find what the first ones do.
process.env.SIMULATION_SCHEDULES ??= "60";
run(binary, ["mutants", "--no-shuffle", "--output", "target", ...process.argv.slice(2)]);
