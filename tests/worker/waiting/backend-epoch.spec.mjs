// The backend invalidates in the Redis that both share, by its own commands, and tells nobody: isolates notice with their next check.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../../dev/stack/index.mjs";
import { eventually } from "../harness.mjs";
import { NAMESPACE } from "../support.mjs";
import { readVectors } from "../vectors.mjs";
import { startWorkerd } from "../workerd.mjs";

const ADMIN_TOKEN = "epoch-admin-token-0123456789abcdef";
const PAGE = "/models/unique?limit=1000";
// MEMORY_TTL_SECONDS, a check, and the load behind the answer that is stale then.
const WITHIN_MS = 30_000 + 5_000 + 5_000;

let stack, worker;

before(async () => {
  stack = await startStack({ tables: readVectors("tiny").tables, kv: true });
  worker = await startWorkerd(stack, { CACHE_NAMESPACE: NAMESPACE, ADMIN_TOKEN });
});
after(async () => {
  await worker?.stop();
  await stack?.stop();
});

test("an epoch that the backend raises is seen within a check of memory, and what changed is shown", async () => {
  const shows = async (text) => JSON.stringify((await worker.get(PAGE)).body).includes(text);
  assert.equal(await shows("synchronized"), false);
  await stack.database.query("update models set description = 'synchronized'");
  await stack.redis.command("INCR", `${NAMESPACE}models:catalog:epoch`);
  const begun = Date.now();
  await eventually(() => shows("synchronized"), "the change", WITHIN_MS);
  const { body } = await worker.get("/api/system/cache/stats", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  assert.equal(body.isolate.backend_epoch, 1, `${Date.now() - begun} ms later`);
});
