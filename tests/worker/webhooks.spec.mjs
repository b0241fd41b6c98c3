// Webhooks from the database itself: the shipped triggers in Postgres, signed there, sent as pg_net sends them, heard by the built Worker.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { request } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startWebhooks } from "../../dev/stack/database/webhooks.mjs";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { snapshotLoads } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "webhooks-admin-token-0123456789";
const WEBHOOK_SECRET = "webhooks-secret-0123456789abcdef";
const HOOK = "/api/webhooks/supabase";
const PAGE = "/models/unique?limit=1000";

let stack, webhooks;
const isolates = isolatesOver(() => stack, { vars: { ADMIN_TOKEN, WEBHOOK_SECRET } });

before(async () => (stack = await startStack({ tables: readVectors("tiny").tables, kv: true })));
after(() => stack?.stop());
afterEach(async () => {
  await webhooks?.stop();
  webhooks = undefined;
  await isolates.stop();
  isolates.renew();
});

const payload = (table = "models") => JSON.stringify({ type: "UPDATE", table, schema: "public", record: null, old_record: null, id: randomUUID() });

function signed(body, { secret = WEBHOOK_SECRET, agoSecs = 0 } = {}) {
  const timestamp = String(Math.floor(Date.now() / 1000) - agoSecs);
  const digest = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  return { "x-webhook-timestamp": timestamp, "x-webhook-signature": `sha256=${digest}` };
}

const hook = (worker, headers, body) => worker.get(HOOK, { method: "POST", headers, body });
const statistics = async (worker) => (await worker.get("/api/system/cache/stats", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })).body;
const described = async (worker, text) => JSON.stringify((await worker.get(PAGE)).body).includes(text);

test("an update in Postgres shows at the edge at once", async () => {
  const worker = await isolates.start();
  webhooks = await startWebhooks(stack.database, { url: new URL(HOOK, worker.url).href, secret: WEBHOOK_SECRET });
  assert.equal((await worker.get(PAGE)).status, 200);
  await stack.database.query("update models set description = 'told by a trigger'");
  await eventually(() => described(worker, "told by a trigger"), "the change");
  assert.deepEqual(webhooks.sent.map(({ status }) => status), [202]);
  assert.equal((await statistics(worker)).webhooks.accepted, 1);
});

test("what nobody sees tells nothing, and a statement that changes thousands of rows tells once", async () => {
  const worker = await isolates.start();
  webhooks = await startWebhooks(stack.database, { url: new URL(HOOK, worker.url).href, secret: WEBHOOK_SECRET });
  await stack.database.query("update models set last_health_check_at = now(), success_rate = 99");
  await stack.database.query("update models set description = description || '.'");
  await eventually(async () => webhooks.sent.length === 1, "a call");
  await sleep(300);
  assert.equal(webhooks.sent.length, 1);
});

test("who forges, replays or sends too late is not heard", async () => {
  const worker = await isolates.start();
  const next = await isolates.start();
  const body = payload();
  for (const [headers, status] of [
    [{}, 401],
    [{ "x-webhook-secret": "webhooks-secret-0123456789abcdee" }, 401],
    [{ authorization: `Bearer ${ADMIN_TOKEN}` }, 401],
    [signed(body, { secret: "another-secret-0123456789" }), 401],
    [signed(payload()), 401],
    [signed(body, { agoSecs: 302 }), 401],
    [signed(body, { agoSecs: -302 }), 401],
  ]) {
    const answer = await hook(worker, headers, body);
    assert.equal(answer.status, status, JSON.stringify(headers));
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
  }
  const headers = signed(body);
  assert.equal((await hook(worker, headers, body)).status, 202);
  for (const replaying of [worker, next]) assert.equal((await hook(replaying, headers, body)).status, 409);
  assert.equal((await hook(worker, { "x-webhook-secret": WEBHOOK_SECRET }, body)).status, 202);
  assert.equal((await hook(worker, { authorization: `Bearer ${WEBHOOK_SECRET}` }, payload("users"))).status, 200);
  assert.equal((await hook(worker, { "x-webhook-secret": WEBHOOK_SECRET }, "garbage")).status, 400);
  assert.equal((await hook(worker, { "x-webhook-secret": WEBHOOK_SECRET }, "x".repeat(2_000_000))).status, 413);
});

test("a body whose length nobody declared is read no further than it is taken", async () => {
  const worker = await isolates.start();
  const small = await upload(worker, 2_000_000);
  assert.equal(small.status, 413);
  // Sockets hold some megabytes between the two. Who goes on sending may be cut off before it reads the answer.
  const large = await upload(worker, 200_000_000);
  assert.ok([413, undefined].includes(large.status), `${large.status}`);
  assert.ok(large.sent < 50_000_000, `${large.sent} bytes were sent by then`);
  assert.equal((await worker.get("/healthz")).status, 200);
});

/** Sends so many bytes in chunks until there is an answer or no connection: {status?, sent}. */
function upload(worker, total) {
  const headers = { "x-webhook-secret": WEBHOOK_SECRET, "transfer-encoding": "chunked" };
  const call = request(new URL(HOOK, worker.url), { method: "POST", headers });
  let sent = 0;
  const send = () => {
    while (sent < total && !call.destroyed) {
      sent += 65_536;
      if (!call.write(Buffer.alloc(65_536))) return call.once("drain", send);
    }
    call.end();
  };
  return new Promise((resolve) => {
    const end = (status) => {
      resolve({ status, sent });
      call.destroy();
    };
    call.once("response", ({ statusCode }) => end(statusCode));
    call.on("error", () => end(undefined));
    send();
  });
}

test("thousands of calls in two isolates are few rebuilds, and the last change is there", async () => {
  const workers = [await isolates.start(), await isolates.start()];
  for (const worker of workers) await worker.get(PAGE);
  const before = snapshotLoads(stack);
  const begun = performance.now();
  let last;
  for (let batch = 0; batch < 20; batch += 1) {
    last = `change ${batch}`;
    await stack.database.query("update models set description = $1", [last]);
    const calls = Array.from({ length: 100 }, (_, n) => {
      const body = payload();
      return hook(workers[n % 2], signed(body), body);
    });
    assert.ok((await Promise.all(calls)).every(({ status }) => status === 202));
  }
  const seconds = (performance.now() - begun) / 1_000;
  await eventually(() => described(workers[0], last), "the last change", 20_000);
  await sleep(3_000);
  const loads = snapshotLoads(stack) - before;
  // A rebuild begins after a second of silence or three at most, so each three seconds of noise are one, with one that follows.
  const allowed = 2 + Math.ceil(seconds / 3);
  assert.ok(loads >= 1 && loads <= allowed, `${loads} loads by 2,000 calls in ${seconds} s, where ${allowed} are allowed`);
});

test("without a secret there is no route", async () => {
  const without = await isolates.start({ WEBHOOK_SECRET: null });
  assert.equal((await hook(without, { "x-webhook-secret": WEBHOOK_SECRET }, payload())).status, 404);
});
