// Where tools are kept: outside `target/`, by version, so that a later clone finds them again.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

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
