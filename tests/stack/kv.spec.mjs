// The KV namespace over HTTP: the protocol that workerd speaks, KV's limits, old values, and what it counts.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { startKv } from "../../dev/stack/kv/server.mjs";
import { KvStore } from "../../dev/stack/kv/store.mjs";

let kv, elsewhere;

before(async () => {
  kv = await startKv();
  elsewhere = await startKv({ store: kv.store });
});
after(async () => {
  await elsewhere?.stop();
  await kv?.stop();
});
beforeEach(() => {
  kv.thaw();
  elsewhere.thaw();
  kv.forget();
  kv.clearRequests();
});

const ask = (path, init, server = kv) => fetch(server.url + path, init);
const read = async (key, server = kv) => {
  const response = await ask(`/${encodeURIComponent(key)}?urlencoded=true`, {}, server);
  return response.status === 404 ? null : response.text();
};
const write = (key, body, query = "", headers = {}) =>
  ask(`/${encodeURIComponent(key)}?urlencoded=true${query}`, { method: "PUT", body, headers });

test("a value comes back with its metadata and its end", async () => {
  const bytes = Buffer.from([0, 255, 10, 128]);
  const metadata = '{"v":1,"at":5}';
  assert.equal((await write("gw:a/b", bytes, "&expiration_ttl=90", { "CF-KV-Metadata": metadata })).status, 200);
  const response = await ask("/gw%3Aa%2Fb?urlencoded=true&cache_ttl=30");
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
  assert.equal(response.headers.get("cf-kv-metadata"), metadata);
  const left = Number(response.headers.get("cf-expiration")) - Date.now() / 1000;
  assert.ok(left > 85 && left <= 90, `${left}`);
  assert.equal((await ask("/gw%3Aa%2Fb", { method: "DELETE" })).status, 200);
  assert.equal(await read("gw:a/b"), null);
});

test("lists come by prefix, in pages, with metadata as text", async () => {
  for (const key of ["a:2", "a:1", "b:1", "a:3"]) await kv.put(key, "x", { metadata: { key } });
  const first = await (await ask("/?prefix=a%3A&key_count_limit=2")).json();
  assert.deepEqual(first.keys, [{ name: "a:1", metadata: '{"key":"a:1"}' }, { name: "a:2", metadata: '{"key":"a:2"}' }]);
  assert.equal(first.list_complete, false);
  const rest = await (await ask(`/?prefix=a%3A&key_count_limit=2&cursor=${first.cursor}`)).json();
  assert.deepEqual(rest.keys.map(({ name }) => name), ["a:3"]);
  assert.equal(rest.list_complete, true);
});

test("a bulk read answers every key", async () => {
  await kv.put("a", "1", { metadata: { m: 1 } });
  const bulk = async (body) => (await ask("/bulk/get", { method: "POST", body: JSON.stringify(body) })).json();
  assert.deepEqual(await bulk({ keys: ["a", "b"], type: "text" }), { a: "1", b: null });
  assert.deepEqual(await bulk({ keys: ["a", "b"], withMetadata: true }), { a: { value: "1", metadata: { m: 1 } }, b: null });
  assert.equal(kv.totals().reads, 4);
});

test("what KV refuses is refused", async () => {
  const statuses = [
    await write("a", "x", "&expiration_ttl=59"),
    await write("a", "x", "", { "CF-KV-Metadata": JSON.stringify("m".repeat(1023)) }),
    await write("k".repeat(513), "x"),
    await write("a", Buffer.alloc(26_214_401)),
    await ask("/a?cache_ttl=29"),
    await ask("/bulk/get", { method: "POST", body: JSON.stringify({ keys: Array.from({ length: 101 }, (_, n) => `k${n}`) }) }),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [400, 413, 414, 413, 400, 400]);
  assert.equal(await read("a"), null);
});

test("readers at another place see old values, and a deletion late", async () => {
  await write("a", "old");
  await new Promise((later) => setTimeout(later, 5));
  elsewhere.freeze();
  await new Promise((later) => setTimeout(later, 5));
  await write("a", "new");
  await write("b", "first");
  assert.deepEqual([await read("a"), await read("a", elsewhere), await read("b", elsewhere)], ["new", "old", null]);
  await ask("/a", { method: "DELETE" });
  assert.deepEqual([await read("a"), await read("a", elsewhere)], [null, "old"]);
  elsewhere.lag(60);
  await write("a", "newest");
  assert.notEqual(await read("a", elsewhere), "newest");
  await new Promise((later) => setTimeout(later, 80));
  assert.equal(await read("a", elsewhere), "newest");
});

test("values expire, and can be forgotten", () => {
  let now = 1_000;
  const store = new KvStore(() => now);
  store.put("a", "x", { expiresAt: 2_000 });
  store.put("b", "y");
  assert.equal(store.read("a").value.toString(), "x");
  now = 2_000;
  assert.equal(store.read("a"), null);
  assert.deepEqual(store.list().entries.map(([key]) => key), ["b"]);
  store.forget((key) => key === "b");
  assert.equal(store.read("b"), null);
});

test("reads and writes are counted by key", async () => {
  await write("a", "value");
  await read("a");
  await read("none");
  await ask("/?prefix=a");
  const { byKey, ...totals } = kv.totals();
  assert.deepEqual(totals, { requests: 4, reads: 2, writes: 1, deletes: 0, lists: 1, bytesUp: 5, bytesDown: totals.bytesDown });
  assert.deepEqual(byKey.a, { reads: 1, writes: 1, deletes: 0, lists: 1 });
  assert.deepEqual(kv.requests.map(({ operation, keys, status }) => [operation, keys[0], status]), [
    ["put", "a", 200],
    ["get", "a", 200],
    ["get", "none", 404],
    ["list", "a", 200],
  ]);
});

test("a stack with KV puts a fault proxy before it", async () => {
  const stack = await startStack({ kv: true, faults: true });
  try {
    await stack.kv.put("a", "x", { metadata: { v: 1 } });
    const response = await fetch(`${stack.kvUrl}/a`);
    assert.deepEqual([await response.text(), response.headers.get("cf-kv-metadata")], ["x", '{"v":1}']);
    stack.proxies.kv.set({ fault: "status", status: 429 });
    assert.equal((await fetch(`${stack.kvUrl}/a`)).status, 429);
  } finally {
    await stack.stop();
  }
});
