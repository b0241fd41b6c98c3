// What the built Worker costs, beside constant bytes, an idiomatic JavaScript Worker and a plain Python service
// (docs/performance.md): tables on stdout, everything in build/bench/results.json. --quick is a minute: too short for
// figures, long enough to show that each case runs. It fails on errors only.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { measureChecks, measureCold, measureCombinations, measureReads, measureRush, measureWarm } from "../../bench/isolates.mjs";
import { canMeasure } from "../../bench/measure.mjs";
import { measurePages } from "../../bench/pages.mjs";
import { measureRoutes } from "../../bench/routes.mjs";
import { report } from "../../bench/report.mjs";
import { startServers } from "../../bench/servers.mjs";
import { runTask } from "../../run.mjs";

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const FULL = { sizes: [234, 3_000, 10_000], rounds: 11, requests: 200, warmups: 3_000, seldom: 7 };
const QUICK = { sizes: [234, 3_000], rounds: 3, requests: 40, warmups: 100, seldom: 1 };
const SELDOM_MODELS = [234, 3_000];
const ROUTES_MODELS = 3_000;

const isQuick = process.argv.includes("--quick");
const say = (text) => process.stderr.write(`[bench] ${text}\n`);

async function measureAll({ sizes, seldom, ...turns }) {
  const servers = await startServers();
  const each = async (what, models, measure) => {
    const rows = [];
    for (const size of models) {
      rows.push(await measure(size));
      say(`${what}, ${size} models`);
    }
    return rows;
  };
  try {
    const { pages, memory } = await measurePages(servers, { sizes, ...turns, say });
    return {
      pages,
      memory,
      cold: await each("a cold isolate", SELDOM_MODELS, (models) => measureCold(servers, models, 2 * seldom)),
      combinations: [
        ...(await each("new combinations", SELDOM_MODELS, (models) => measureCombinations(servers, models, false, seldom))),
        ...(await each("new combinations, published", SELDOM_MODELS, (models) => measureCombinations(servers, models, true, seldom))),
      ],
      reads: await each("reading again", sizes, (models) => measureReads(servers, models, seldom)),
      checks: await each("checks", [SELDOM_MODELS[0]], (models) => measureChecks(servers, models, seldom)),
      rush: await each("200 at once", SELDOM_MODELS, (models) => measureRush(servers, models, seldom)),
      // Last, since they change what the origins hold.
      warm: await each("warm runs", SELDOM_MODELS, (models) => measureWarm(servers, models, seldom)),
      routes: await measureRoutes(servers, ROUTES_MODELS, { ...turns, say }),
    };
  } finally {
    await servers.stop();
  }
}

function sizeOfWasm() {
  const wasm = readFileSync(join(root, "build", "index_bg.wasm"));
  return { wasmBytes: wasm.length, gzippedBytes: gzipSync(wasm).length };
}

if (!canMeasure()) {
  say("only Linux tells the CPU time of a thread: nothing is measured here");
  process.exit(0);
}
runTask("build");
const begun = performance.now();
const results = await measureAll(isQuick ? QUICK : FULL);
const about = { at: new Date().toISOString(), quick: isQuick, cpu: os.cpus()[0]?.model, cpus: os.cpus().length, node: process.version };
const whole = { about, size: sizeOfWasm(), ...results };
const folder = join(root, "build", "bench");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "results.json"), `${JSON.stringify(whole, null, 1)}\n`);
process.stdout.write(`\n${report(whole)}\n${Math.round((performance.now() - begun) / 1000)} s on ${about.cpus} × ${about.cpu}; all of it: build/bench/results.json\n`);
process.exit(0);
