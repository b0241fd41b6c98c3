// What takes its time in data centers: a busy minute of four isolates, and how long a clear is on its way to another one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startColo } from "../../../dev/stack/colo/server.mjs";
import { startStack } from "../../../dev/stack/index.mjs";
import { assertWithin, costOf, quiet } from "../cost.mjs";
import { hitOf, statistics } from "../support.mjs";
import { readVectors } from "../vectors.mjs";
import { startWorkerd } from "../workerd.mjs";

const ADMIN_TOKEN = "data-centers-admin-token";
const PATH = "/models/unique?limit=10";
const SECONDS = 60;
// MEMORY_TTL_SECONDS, and the request that a check comes behind.
const SEEN_WITHIN_MS = 35_000;

let stack;
const started = [];

before(async () => (stack = await startStack({ tables: readVectors("mid").tables, kv: true })));
after(async () => {
  await Promise.all(started.map((server) => server.stop()));
  await stack?.stop();
});

async function start(starting) {
  const server = await starting;
  started.push(server);
  return server;
}
const born = (colo) => start(startWorkerd(stack, { ADMIN_TOKEN }, { coloUrl: colo.url }));

test(`four isolates of one data center ask Redis four times in ${SECONDS} busy seconds at the most; a clear is seen there at once, elsewhere in time`, async () => {
  const [here, there] = [await start(startColo()), await start(startColo())];
  const workers = [];
  for (let n = 0; n < 4; n += 1) workers.push(await born(here));
  assert.equal((await workers[0].cron()).outcome, "ok");
  for (const worker of workers) await worker.get(PATH);
  await quiet(stack);
  here.requests.length = 0;

  const cost = await costOf(stack, async () => {
    for (const end = Date.now() + SECONDS * 1000; Date.now() < end; await sleep(100)) {
      for (const worker of workers) assert.equal(hitOf(await worker.get(PATH)).tier, "memory");
    }
  });
  assertWithin(cost, { "redis.requests": 4, "redis.commands": 4, "redis.bytesDown": 4_000, "kv.requests": 0, "origin.requests": 0 });
  const told = here.requests.filter(({ operation, name }) => operation === "match" && name.endsWith("/told"));
  const each = SECONDS / 5 + 1;
  assert.ok(told.length <= 4 * each + 8, `${told.length} questions to the data center: each asks once in five seconds`);

  const away = await born(there);
  await away.get(PATH);
  await quiet(stack);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  const cleared = await workers[0].get("/api/system/cache/clear", { method: "POST", headers, body: '{"cache_type":"all"}' });
  assert.equal(cleared.status, 200, cleared.text);
  const begun = Date.now();
  const { epoch } = cleared.body;
  const seenAfter = async (worker, patience) => {
    for (;;) {
      await worker.get(PATH);
      if ((await statistics(worker, ADMIN_TOKEN)).isolate.epoch >= epoch) return Date.now() - begun;
      assert.ok(Date.now() - begun < patience, `not seen within ${patience} ms`);
      await sleep(250);
    }
  };
  const [beside, far] = await Promise.all([seenAfter(workers[1], 9_000), seenAfter(away, SEEN_WITHIN_MS)]);
  assert.ok(beside <= far, `${beside} ms beside, ${far} ms elsewhere`);
});
