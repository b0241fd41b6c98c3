// Where tools are: those that set-up makes outside `target/`, by version, so that a later clone finds them again, and those
// that the machine has.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

export function toolRoot(name, version) {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(cache, "model-catalog-edge", "tools", `${name}-${version}`);
}

export function toolBin(name, version, binary) {
  return join(toolRoot(name, version), "bin", binary);
}

/** The promtool that is installed, or the one that set-up unpacked; undefined where there is neither. */
export function promtoolBinary() {
  const unpacked = toolBin("promtool", "debian", "promtool");
  const works = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
  return ["promtool", unpacked].find((command) => (command === unpacked ? existsSync(command) : works(command)));
}

// Debian's, Ubuntu's, and what Google's own packages and macOS have.
const CHROMIUMS = [
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The path of the Chromium that CHROMIUM names, or else of one that is installed; undefined where there is none that starts. */
export function chromiumBinary() {
  const named = process.env.CHROMIUM;
  const paths = (named ? [named] : CHROMIUMS).flatMap((name) => (isAbsolute(name) ? [name] : onPath(name)));
  // Where it comes as a snap, what lies on PATH may be a script that only says so.
  return paths.find((path) => existsSync(path) && spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0);
}

function onPath(name) {
  return (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
}
