// A busy isolate's minute: a free plan of Redis has 500,000 commands a month, which is some 690 an hour for all isolates.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../../../dev/stack/index.mjs";
import { assertWithin, costOf, quiet } from "../cost.mjs";
import { NAMESPACE } from "../support.mjs";
import { readVectors } from "../vectors.mjs";
import { startWorkerd } from "../workerd.mjs";

const SECONDS = 65;
const SIX = ["", "?min_providers=2", "?min_providers=3", "?min_providers=5", "?sort_by=name&order=asc", "?sort_by=cheapest_price&order=asc"];
const SORTS = ["provider_count", "name", "cheapest_price"];
const MANY = SORTS.flatMap((sort) => ["asc", "desc"].flatMap((order) => Array.from({ length: 11 }, (_, n) => `?sort_by=${sort}&order=${order}&min_providers=${n + 1}`)));

let stack;
const workers = [];

before(async () => (stack = await startStack({ tables: readVectors("mid").tables, kv: true })));
after(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await stack?.stop();
});

async function start(vars) {
  const worker = await startWorkerd(stack, { CACHE_NAMESPACE: NAMESPACE, ...vars });
  workers.push(worker);
  return worker;
}

test(`${SECONDS} s of five requests a second cost at most eight commands, whatever is resident`, async () => {
  const cron = await start();
  await cron.cron();
  const worker = await start();
  // What nobody keeps warm is published once; that is not what a minute costs.
  for (const query of MANY) assert.equal((await worker.get(`/models/unique${query}`)).status, 200);
  await quiet(stack);
  const cost = await costOf(stack, async () => {
    const end = Date.now() + SECONDS * 1000;
    for (let asked = 0; Date.now() < end; asked += 1) {
      const query = asked % 2 === 0 ? SIX[(asked / 2) % 6] : MANY[((asked - 1) / 2) % MANY.length];
      const answer = await worker.get(`/models/unique${query}`);
      assert.equal(answer.headers["x-cache"], "HIT");
      await sleep(200);
    }
  });
  assertWithin(cost, { "redis.commands": 8, "redis.requests": 8, "redis.bytesUp": 5_000, "redis.bytesDown": 5_000, "kv.requests": 0, "origin.requests": 0 });
  const lines = worker.events().filter(({ event }) => event !== "cache_hit");
  assert.deepEqual(lines.map(({ event }) => event).filter((event) => event !== "cache_set"), []);
});
