// The fault proxy: each way to fail, as a client sees it.
import assert from "node:assert/strict";
import http from "node:http";
import { after, afterEach, before, test } from "node:test";
import { startFaultProxy } from "../../dev/stack/faults/proxy.mjs";

const BODY = JSON.stringify({ result: "x".repeat(1000) });

let target, proxy;

before(async () => {
  target = http.createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request);
    response.setHeader("x-received", Buffer.concat(chunks).toString());
    response.setHeader("content-type", "application/json");
    response.end(BODY);
  });
  await new Promise((listening) => target.listen(0, "127.0.0.1", listening));
  proxy = await startFaultProxy({ target: `http://127.0.0.1:${target.address().port}` });
});

after(async () => {
  await proxy?.stop();
  target?.closeAllConnections();
  target?.close();
});

afterEach(() => {
  proxy.clear();
  proxy.clearRequests();
});

const ask = (path = "/", init = {}) => fetch(proxy.url + path, init);

test("without a rule the proxy is transparent, and logs", async () => {
  const response = await ask("/path?query=1", { method: "POST", body: "posted" });
  assert.equal(response.headers.get("x-received"), "posted");
  assert.equal(await response.text(), BODY);
  const [{ at, ms, ...entry }] = proxy.requests;
  assert.ok(at + ms <= Date.now());
  assert.deepEqual(entry, { method: "POST", path: "/path?query=1", fault: null, status: 200, aborted: false });
});

test("latency answers properly, late", async () => {
  proxy.set({ fault: "latency", ms: 200 });
  const startedAt = Date.now();
  assert.equal(await (await ask()).text(), BODY);
  assert.ok(Date.now() - startedAt >= 195);
});

test("hang accepts and never answers", async () => {
  proxy.set({ fault: "hang" });
  const asking = ask("/", { signal: AbortSignal.timeout(300) });
  await new Promise((later) => setTimeout(later, 100));
  assert.equal(proxy.inFlight, 1);
  await assert.rejects(asking, { name: "TimeoutError" });
  await new Promise((later) => setTimeout(later, 50));
  assert.equal(proxy.inFlight, 0);
  assert.equal(proxy.requests[0].aborted, true);
});

test("hang-body stops half-way", async () => {
  proxy.set({ fault: "hang-body" });
  const response = await ask("/", { signal: AbortSignal.timeout(300) });
  assert.equal(response.status, 200);
  assert.equal(Number(response.headers.get("content-length")), BODY.length);
  await assert.rejects(response.text(), { name: "TimeoutError" });
});

test("reset breaks the connection", async () => {
  proxy.set({ fault: "reset" });
  await assert.rejects(ask(), (error) => error.cause.code === "ECONNRESET");
});

test("reset-body breaks the connection half-way", async () => {
  proxy.set({ fault: "reset-body" });
  const response = await ask();
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
});

test("truncate cuts the JSON, not the HTTP", async () => {
  proxy.set({ fault: "truncate" });
  const text = await (await ask()).text();
  assert.equal(text, BODY.slice(0, Math.floor(BODY.length / 2)));
  proxy.set({ fault: "truncate", bytes: 10 });
  assert.equal(await (await ask()).text(), BODY.slice(0, 10));
});

test("garbage replaces the body", async () => {
  proxy.set({ fault: "garbage" });
  const response = await ask();
  assert.equal(response.headers.get("content-type"), "application/json");
  await assert.rejects(response.json(), SyntaxError);
  proxy.set({ fault: "garbage", body: '[{"result":"not a listing"}]' });
  assert.deepEqual(await (await ask()).json(), [{ result: "not a listing" }]);
});

test("status answers without asking the target", async () => {
  const body = { code: "57014", message: "canceling statement due to statement timeout" };
  proxy.set({ fault: "status", status: 503, headers: { "retry-after": "7" }, body });
  const response = await ask();
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "7");
  assert.equal(response.headers.get("x-received"), null);
  assert.deepEqual(await response.json(), body);
});

test("drip sends slices", async () => {
  proxy.set({ fault: "drip", bytes: 200, ms: 40 });
  const startedAt = Date.now();
  const response = await ask();
  const chunks = await Array.fromAsync(response.body);
  assert.ok(chunks.length > 2);
  assert.equal(Buffer.concat(chunks).toString(), BODY);
  assert.ok(Date.now() - startedAt >= 190);
});

test("a rule matches by method and path, the newest wins, and times runs out", async () => {
  proxy.set({ fault: "status", status: 500, match: "GET /a" });
  proxy.set({ fault: "status", status: 429, match: /^GET .*\/ab$/, times: 2 });
  const statuses = [];
  for (const path of ["/ab", "/a", "/b", "/ab", "/ab"]) statuses.push((await ask(path)).status);
  assert.deepEqual(statuses, [429, 500, 200, 429, 500]);
  assert.throws(() => proxy.set({ fault: "explode" }), /no such fault: explode/);
});

test("a rule chooses the nth request that matches, or every nth", async () => {
  proxy.set({ fault: "status", status: 503, headers: { "retry-after": "2" }, match: "/rows", nth: [2, 4] });
  const asked = [];
  for (const path of ["/rows", "/other", "/rows", "/rows", "/rows", "/rows"]) asked.push(await ask(path));
  assert.deepEqual(asked.map(({ status }) => status), [200, 200, 503, 200, 503, 200]);
  assert.equal(asked[2].headers.get("retry-after"), "2");
  proxy.clear();
  proxy.set({ fault: "reset", every: 3 });
  const outcomes = [];
  for (let count = 0; count < 6; count += 1) outcomes.push(await ask().then(() => "answered", () => "reset"));
  assert.deepEqual(outcomes, ["answered", "answered", "reset", "answered", "answered", "reset"]);
});

test("rules count side by side, and what they do not choose goes on to older ones", async () => {
  proxy.set({ fault: "status", status: 520, match: "/rows", nth: 2 });
  proxy.set({ fault: "status", status: 504, match: "/rows", nth: 1 });
  const statuses = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await ask("/rows")).status);
  assert.deepEqual(statuses, [504, 520, 200]);
});

test("a target that refuses connections looks the same through the proxy", async () => {
  const dead = await startFaultProxy({ target: "http://127.0.0.1:9" });
  await assert.rejects(fetch(dead.url));
  await dead.stop();
});
