// Formatting, clippy on both targets (the native one never sees src/worker, the wasm one never sees tests), and docs.
import { run } from "../run.mjs";

const deny = ["--", "-D", "warnings"];
run("cargo", ["fmt", "--check"]);
run("cargo", ["clippy", "--all-targets", "--locked", ...deny]);
run("cargo", ["clippy", "--target", "wasm32-unknown-unknown", "--locked", ...deny]);
run("cargo", ["doc", "--no-deps", "--document-private-items", "--locked", "--quiet"], { RUSTDOCFLAGS: "-D warnings" });
