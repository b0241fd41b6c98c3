// Other routes than the listing's pages: what providers offer, a filtered page, one model, what changed. Against constant bytes
// all of them; against the JavaScript Worker those that it can answer of the catalog that it holds.
import assert from "node:assert/strict";
import { eventually } from "../../tests/worker/harness.mjs";
import { startConstant, startJavascript, startOurs } from "./contestants.mjs";
import { comparePath, warmUp } from "./pages.mjs";
import { fill } from "./servers.mjs";

const UNIQUE = "/models/unique";
// A change of every model is more than is told one by one.
const CHANGED_ROWS = 40;

/** Rows for the report. The origin of this size has other content afterwards. */
export async function measureRoutes(servers, models, { rounds, requests, warmups, say }) {
  const namespace = `routes${models}:`;
  const running = [];
  const keep = async (starting) => {
    const worker = await starting;
    running.push(worker);
    return worker;
  };
  try {
    const ours = await keep(startOurs(servers, models, { CACHE_NAMESPACE: namespace }));
    const changes = await changesOf(servers, models, ours, namespace);
    const [first, count] = await providersOf(ours);
    const constant = await keep(startConstant(servers));
    const javascript = await keep(startJavascript(servers, models));
    for (const worker of running) await warmUp(worker, warmups);
    const { body } = await ours.get(`${UNIQUE}?limit=1&offset=${models / 2}`);
    const cases = [
      { what: `100 of a provider's ${first.model_count}`, path: `/v1/models?gateway=${first.slug}&limit=100` },
      { what: `100 of all ${count}, of every provider`, path: "/v1/models?limit=100" },
      { what: `100 of ${models}, filtered`, path: `${UNIQUE}?limit=100&provider=${first.slug}&max_price=0.000002`, isUnique: true },
      { what: `one of ${models}, by name`, path: `${UNIQUE}/${encodeURIComponent(body.models[0].name)}`, isUnique: true },
      { what: "what a version changed", path: changes },
    ];
    const rows = [];
    for (const { what, path, isUnique } of cases) {
      const contestants = { ours, constant, ...(isUnique && { javascript }) };
      const { bytes, costs } = await comparePath(path, contestants, { rounds, requests });
      rows.push({ what, bytes, costs });
      say(what);
    }
    return rows;
  } finally {
    for (const worker of running) await worker.stop();
  }
}

// The path of what a second publication changed.
async function changesOf(servers, models, ours, namespace) {
  await fill(servers, models, ours, namespace);
  const { version } = (await ours.get(`${UNIQUE}/changes?limit=1`)).body;
  (await servers.origin(models)).change(CHANGED_ROWS);
  await fill(servers, models, ours, namespace);
  const path = `${UNIQUE}/changes?since=${version}`;
  // An isolate asks Redis for more once in five seconds.
  await eventually(async () => (await ours.get(path)).body?.entries?.[0]?.changes?.length > 0, "the changes", 20_000);
  return path;
}

// The one that offers the most, and how many models all offer. Each request for all loads some of what is missing.
async function providersOf(ours) {
  await eventually(async () => (await ours.get("/v1/models?limit=1")).status === 200, "every provider's catalog", 60_000);
  const { data } = (await ours.get("/v1/provider?limit=500")).body;
  const count = data.map((provider) => provider.model_count).reduce((sum, models) => sum + models, 0);
  assert.ok(data[0].model_count >= 100);
  return [data[0], count];
}
