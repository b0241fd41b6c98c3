// Builds the Worker: build/index.js and build/index_bg.wasm, and its pages: build/assets. Does nothing when no source changed since.
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundleAssets } from "../assets.mjs";
import { digest, isWorkerBuilt, noteBuilt } from "../sources.mjs";
import { toolBin } from "../tools.mjs";
import { WASM_BINDGEN, WORKER_BUILD } from "../versions.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const wasm = join(root, "build", "index_bg.wasm");
const script = join(root, "build", "index.js");

function size(pages) {
  const bytes = readFileSync(wasm);
  const kilobytes = (length) => `${Math.round(length / 1000)} kB`;
  process.stdout.write(`[build] build/index_bg.wasm: ${kilobytes(bytes.length)}, gzipped ${kilobytes(gzipSync(bytes).length)}\n`);
  const whole = Object.values(pages).reduce((sum, length) => sum + length, 0);
  process.stdout.write(`[build] build/assets: gzipped ${kilobytes(whole)}\n`);
}

if (!isWorkerBuilt()) {
  // Read first: what changes while it is built is not in it.
  const sources = digest();
  process.stdout.write("[build] the Worker, with full optimization (one to three minutes)\n");
  const bin = (name) => join(root, "node_modules", ".bin", name);
  const env = {
    ...process.env,
    WASM_BINDGEN_BIN: toolBin("wasm-bindgen-cli", WASM_BINDGEN, "wasm-bindgen"),
    WASM_OPT_BIN: bin("wasm-opt"),
    ESBUILD_BIN: bin("esbuild"),
    // A client that disconnects must not leave its request's future, and what it holds, for ever
    // (docs/platform.md, "A request can end without destructors").
    RUN_TO_COMPLETION: "1",
  };
  const builder = toolBin("worker-build", WORKER_BUILD, "worker-build");
  const { status, error } = spawnSync(builder, ["--release"], { cwd: root, stdio: "inherit", env });
  if (error || status !== 0) {
    process.stderr.write(`[build] worker-build failed${error ? `: ${error.message}` : ""}; \`npm run build\` sets up what it needs\n`);
    process.exit(1);
  }
  // Its script becomes a module of ours, which asks for a hit first.
  renameSync(script, join(root, "build", "worker.js"));
  const shim = [join(root, "src", "worker", "shim.js"), "--bundle", "--minify", "--format=esm", `--outfile=${script}`];
  const bundled = spawnSync(bin("esbuild"), [...shim, "--external:cloudflare:workers", "--external:./index_bg.wasm", "--log-level=warning"], {
    cwd: root,
    stdio: "inherit",
  });
  if (bundled.error || bundled.status !== 0) {
    process.stderr.write("[build] esbuild failed\n");
    process.exit(1);
  }
  rmSync(join(root, "build", "worker.js"));
  noteBuilt(sources);
}
size(await bundleAssets());
