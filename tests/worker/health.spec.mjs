// Whether the Worker lives, and whether its tiers answer: over real servers, with each of them failing in turn.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { costOf } from "./cost.mjs";
import { isolatesOver } from "./isolates.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "health-admin-token-0123456789abcdef";
const authorization = `Bearer ${ADMIN_TOKEN}`;

let stack;
const isolates = isolatesOver(() => stack, { vars: { ADMIN_TOKEN } });

before(async () => (stack = await startStack({ tables: readVectors("tiny").tables, kv: true, faults: true })));
after(async () => {
  await isolates.stop();
  await stack?.stop();
});

test("life takes no tier", async () => {
  const worker = await isolates.start();
  const { result, redis, kv, origin } = await costOf(stack, () => worker.get("/healthz"));
  assert.deepEqual([result.status, result.body], [200, { status: "ok" }]);
  assert.equal(result.headers["cache-control"], "no-store");
  assert.deepEqual([redis.requests, kv.requests, origin.requests], [0, 0, 0]);
});

test("readiness is of every tier, within two seconds, and the details are for operators", async () => {
  for (const broken of [undefined, "upstash", "supabase"]) {
    const worker = await isolates.start();
    if (broken) stack.proxies[broken].set({ fault: "hang" });
    try {
      const begun = performance.now();
      const { status, headers, body } = await worker.get("/readyz", { headers: { authorization } });
      assert.ok(performance.now() - begun < 4_000);
      assert.equal(status, broken ? 503 : 200, JSON.stringify(body));
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(body.status, broken ? "not ready" : "ready");
      const failing = Object.entries(body.tiers).filter(([, { answers }]) => !answers).map(([tier]) => tier);
      assert.deepEqual(failing, broken ? [broken === "supabase" ? "origin" : broken] : []);
      const { body: told } = await worker.get("/readyz");
      assert.deepEqual(Object.keys(told), ["status"]);
    } finally {
      if (broken) stack.proxies[broken].clear();
      await isolates.stop();
    }
  }
});
