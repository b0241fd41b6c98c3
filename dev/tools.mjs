// Where the tools are kept that are no npm packages: outside `target/`, by version, so that a later clone finds them again.
import { homedir } from "node:os";
import { join } from "node:path";

export function toolRoot(name, version) {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(cache, "model-catalog-edge", "tools", `${name}-${version}`);
}

export function toolBin(name, version, binary) {
  return join(toolRoot(name, version), "bin", binary);
}
