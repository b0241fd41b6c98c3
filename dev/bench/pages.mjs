// Pages from memory: the built Worker against constant bytes of the same size, the JavaScript Worker and the Python service,
// and what memory each holds once they were asked.
import assert from "node:assert/strict";
import { residentBytes } from "../../tests/worker/workerd.mjs";
import { startConstant, startJavascript, startOurs, startPython, statisticsOf } from "./contestants.mjs";
import { costOf, interleaved } from "./measure.mjs";
import { fill } from "./servers.mjs";

// By name the pages of a large catalog are put together from all over its text; by the number of offers the first pages are
// the same at every size.
const BY_NAME = "&sort_by=name&order=asc";
const PAGES = [
  { models: 234, limit: 10, sort: "" },
  { models: 234, limit: 100, sort: "" },
  { models: 3_000, limit: 10, sort: "" },
  { models: 3_000, limit: 100, sort: "" },
  { models: 3_000, limit: 10, sort: BY_NAME },
  { models: 3_000, limit: 100, sort: BY_NAME },
  { models: 3_000, limit: 1_000, sort: BY_NAME },
  { models: 10_000, limit: 10, sort: "" },
  { models: 10_000, limit: 100, sort: "" },
];
const LARGE_BYTES = 1_000_000;

/** Returns {pages, memory}: rows for the report. */
export async function measurePages(servers, { sizes, rounds, requests, warmups, say }) {
  const running = [];
  const keep = async (starting) => {
    const worker = await starting;
    if (worker) running.push(worker);
    return worker;
  };
  try {
    const constant = await keep(startConstant(servers));
    const python = await keep(startPython(servers, say));
    const [pages, memory] = [[], []];
    for (const models of sizes) {
      const ours = await keep(startOurs(servers, models));
      const textBytes = await fill(servers, models, ours);
      const javascript = await keep(startJavascript(servers, models));
      for (const worker of [ours, constant, javascript]) await warmUp(worker, warmups);
      for (const page of PAGES.filter((page) => page.models === models)) {
        pages.push(await measurePage(page, { ours, constant, javascript, python }, { rounds, requests }));
        say(`a page of ${page.limit} of ${models}${page.sort}`);
      }
      memory.push(await memoryOf(models, textBytes, { ours, constant, javascript }));
    }
    return { pages, memory };
  } finally {
    for (const worker of running) await worker.stop();
  }
}

// An isolate compiles its code better after some thousand requests, on threads beside (docs/platform.md, "Code is compiled
// when it first runs").
export async function warmUp(worker, times) {
  for (let asked = 0; asked < times; asked += 1) await worker.client.get("/models/unique?limit=10");
}

async function measurePage({ models, limit, sort }, contestants, turns) {
  const path = `/models/unique?limit=${limit}${sort}`;
  const { bytes, answer, costs } = await comparePath(path, contestants, turns, `/others${models}${path}`);
  assert.equal(answer.models.length, limit);
  return { models, limit, byName: sort === BY_NAME, bytes, costs };
}

/**
 * What a path costs those of the contestants that are there, once they all answer the same: {bytes, answer, costs}. `python` has
 * another path.
 */
export async function comparePath(path, { ours, constant, javascript, python }, { rounds, requests }, pythonPath = path) {
  const { body } = await ours.client.get(path);
  const answer = JSON.parse(body);
  await constant.client.put(path, body);
  for (const [other, at] of [[constant, path], [javascript, path], [python, pythonPath]]) {
    if (other) assert.deepEqual(JSON.parse((await other.client.get(at)).body), answer, "they do not answer the same");
  }
  const times = Math.ceil(body.length > LARGE_BYTES ? requests / 4 : requests);
  const turn = (worker, at, times) => async () => {
    return costOf(worker.pid, times, async () => {
      for (let asked = 0; asked < times; asked += 1) await worker.client.get(at);
    });
  };
  const contestants = {
    ours: turn(ours, path, times),
    constant: turn(constant, path, times),
    ...(javascript && { javascript: turn(javascript, path, Math.ceil(times / 2)) }),
    ...(python && { fastapi: turn(python, pythonPath, Math.ceil(times / 50)) }),
  };
  // Memory is laid out as this page needs it: two turns go before.
  for (const run of Object.values(contestants)) await run();
  for (const run of Object.values(contestants)) await run();
  return { bytes: body.length, answer, costs: await interleaved(contestants, rounds) };
}

async function memoryOf(models, textBytes, { ours, constant, javascript }) {
  const { isolate } = await statisticsOf(ours);
  return {
    models,
    textBytes,
    wasmBytes: isolate.wasm_memory_bytes,
    ours: residentBytes(ours.pid),
    constant: residentBytes(constant.pid),
    javascript: residentBytes(javascript.pid),
  };
}
