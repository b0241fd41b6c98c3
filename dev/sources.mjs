// Which sources a build was made of: their digest, which lies beside it.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ASSETS, isBundled } from "./assets.mjs";
import { WASM_BINDGEN, WORKER_BUILD } from "./versions.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ["src", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "dev/tasks/build.mjs"];

const WORKER = ["build/index.js", "build/index_bg.wasm", "build/.sources"];

/** What a build is, by its paths from the root. */
export const BUILD = [...WORKER, ...ASSETS];

/** The digest of the sources as they are now. */
export function digest() {
  const hash = createHash("sha256").update(WORKER_BUILD).update(WASM_BINDGEN);
  for (const top of SOURCES) {
    for (const file of files(join(root, top))) hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** Whether build/ is there, whole, and was made of the sources as they are now. */
export function isBuilt() {
  return isWorkerBuilt() && isBundled();
}

/** The same of the Worker alone, which takes minutes to build. */
export function isWorkerBuilt() {
  return WORKER.every((path) => existsSync(join(root, path))) && readFileSync(join(root, "build", ".sources"), "utf8") === digest();
}

/** Notes of which sources build/ was made. */
export function noteBuilt(sources) {
  writeFileSync(join(root, "build", ".sources"), sources);
}

function* files(path) {
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).sort()) yield* files(join(path, name));
  } else {
    yield path;
  }
}
