// Formatting, clippy on both targets (the native one never sees src/worker, the wasm one never sees tests), docs, and
// licences where cargo-deny is installed. Arguments choose steps: npm run lint -- fmt clippy.
import { spawnSync } from "node:child_process";
import { run } from "../run.mjs";

const deny = ["--", "-D", "warnings"];

const STEPS = {
  fmt: () => run("cargo", ["fmt", "--check"]),
  clippy: () => {
    run("cargo", ["clippy", "--all-targets", "--locked", ...deny]);
    run("cargo", ["clippy", "--target", "wasm32-unknown-unknown", "--locked", ...deny]);
  },
  doc: () => run("cargo", ["doc", "--no-deps", "--document-private-items", "--locked", "--quiet"], { RUSTDOCFLAGS: "-D warnings" }),
  licences: () => {
    if (spawnSync("cargo", ["deny", "--version"], { stdio: "ignore" }).status !== 0) {
      process.stdout.write("\n[lint] licences are not checked: cargo-deny is not installed (cargo install cargo-deny)\n");
      return;
    }
    run("cargo", ["deny", "--locked", "check", "licenses", "bans"]);
  },
};

const chosen = process.argv.slice(2);
for (const name of chosen.length > 0 ? chosen : Object.keys(STEPS)) {
  if (!STEPS[name]) {
    process.stderr.write(`there is no step ${name}: ${Object.keys(STEPS).join(", ")}\n`);
    process.exit(1);
  }
  STEPS[name]();
}
