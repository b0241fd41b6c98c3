// Runs wrangler, the one of node_modules, and gives what it printed.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const program = join(root, "node_modules", "wrangler", "bin", "wrangler.js");

/** {ok, stdout, stderr} of one command; `isShown` lets a person see what it prints, and answer what it asks. */
export async function wrangler(args, { env = {}, isShown = false } = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: root,
    stdio: isShown ? "inherit" : ["ignore", "pipe", "pipe"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", ...env },
  });
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise((resolve, reject) => child.on("error", reject).on("close", resolve)),
  ]);
  return { ok: code === 0, stdout, stderr };
}

async function textOf(stream) {
  const parts = [];
  for await (const part of stream ?? []) parts.push(part);
  return Buffer.concat(parts).toString();
}
