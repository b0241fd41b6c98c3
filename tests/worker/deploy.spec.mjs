// What `npm run deploy` does once wrangler has deployed: the Worker is warmed, and looked at.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { smoke, warm } from "../../dev/deploy/smoke.mjs";
import { startStack } from "../../dev/stack/index.mjs";
import { cachedValues, withWorker } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "deploy-admin-token";
// Here what does not answer now never will.
const PATIENCE_MS = 0;

const { tables } = readVectors("tiny");
let stack;

before(async () => (stack = await startStack({ tables })));
after(() => stack?.stop());

test("a Worker that is deployed is warm, serves, and is closed to strangers", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async ({ url }) => {
    assert.equal((await cachedValues(stack)).size, 0);
    assert.equal(await warm(url, ADMIN_TOKEN, PATIENCE_MS), "6 of 6 listings are warm");
    assert.notEqual((await cachedValues(stack)).size, 0);
    const [listing, ...others] = await smoke(url, ADMIN_TOKEN, PATIENCE_MS);
    assert.match(listing, /^\d+ models, memory; hit; /);
    assert.deepEqual(others, ["Redis answers", "operators' routes are closed to others"]);
  });
});

test("what is wrong is said", async () => {
  await withWorker(stack, { ADMIN_TOKEN }, async ({ url }) => {
    await assert.rejects(warm(url, "another-token-0123456789", PATIENCE_MS), /warm answers 401: A valid bearer token is required$/);
    await assert.rejects(smoke(url, "another-token-0123456789", PATIENCE_MS), /stats answers 401/);
  });
  await withWorker(stack, {}, async ({ url }) => {
    await assert.rejects(warm(url, ADMIN_TOKEN, PATIENCE_MS), /warm answers 404/);
  });
  await withWorker(stack, { ADMIN_TOKEN: "too-short" }, async ({ url }) => {
    await assert.rejects(warm(url, "too-short", PATIENCE_MS), /answers 500: configuration: ADMIN_TOKEN must have at least 16 characters$/);
  });
  await withWorker(stack, { ADMIN_TOKEN, SUPABASE_SERVICE_ROLE_KEY: "sb_secret_of-nobody" }, async ({ url }) => {
    await assert.rejects(warm(url, ADMIN_TOKEN, PATIENCE_MS), /warm reports: refused/);
  });
  await withWorker(stack, { ADMIN_TOKEN, UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9" }, async ({ url }) => {
    await assert.rejects(smoke(url, ADMIN_TOKEN, PATIENCE_MS), /Redis does not answer/);
  });
  await assert.rejects(smoke("http://127.0.0.1:9", ADMIN_TOKEN, PATIENCE_MS), /^Error: \/models\/unique\?limit=1 answers .*$/);
});

test("a cache in front that the Worker was not told of is found", async () => {
  for (const [state, status, expected] of [["off", "MISS", false], ["off", "DYNAMIC", true], ["on", "HIT", true]]) {
    await withWorker(stack, { ADMIN_TOKEN, WORKERS_CACHE: state }, async ({ url }) => {
      const front = createServer(async ({ url: path, headers }, response) => {
        const { authorization } = headers;
        const answer = await fetch(new URL(path, url), { headers: authorization ? { authorization } : {} });
        const told = { "cache-status": answer.headers.get("cache-status") ?? "", "cf-cache-status": status };
        response.writeHead(answer.status, told);
        response.end(await answer.text());
      });
      await once(front.listen(0, "127.0.0.1"), "listening");
      try {
        const looked = smoke(`http://127.0.0.1:${front.address().port}`, ADMIN_TOKEN, PATIENCE_MS);
        if (expected) await looked;
        else await assert.rejects(looked, /^Error: Workers Cache is on and WORKERS_CACHE is not/);
      } finally {
        front.close();
        front.closeAllConnections();
      }
    });
  }
});

test("what EDGE_MODE forbids does not fail a deployment", async () => {
  for (const mode of ["read_only", "passthrough"]) {
    await withWorker(stack, { ADMIN_TOKEN, EDGE_MODE: mode }, async ({ url }) => {
      assert.equal(await warm(url, ADMIN_TOKEN, PATIENCE_MS), `not warmed: EDGE_MODE is ${mode}`);
      assert.equal((await smoke(url, ADMIN_TOKEN, PATIENCE_MS)).length, 3);
    });
  }
});
