// What the standards say, section by section, with parsers and a cache from packages: RFC 9110 (conditional requests, dates), RFC 9111
// (age, freshness, directives), RFC 9211 (Cache-Status) and RFC 8288 (links).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import CachePolicy from "http-cache-semantics";
import LinkHeader from "http-link-header";
import { parseDictionary, parseList, Token } from "structured-headers";
import { startStack } from "../../dev/stack/index.mjs";
import { costOf } from "./cost.mjs";
import { startWorker } from "./harness.mjs";
import { NAMESPACE } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "conformance-admin-token-0123456789";
const PAGE = "/models/unique?limit=2&sort_by=name&order=asc";

let stack, worker;

before(async () => {
  stack = await startStack({ tables: readVectors("tiny").tables });
  worker = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE, ADMIN_TOKEN });
  await ask(PAGE);
});
after(async () => {
  await worker?.stop();
  await stack?.stop();
});

// As a client on the wire sees it: no body is unpacked.
async function ask(path, headers = {}, method = "GET") {
  const response = await fetch(new URL(path, worker.url), { method, headers: { "accept-encoding": "identity", ...headers } });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}

async function clear(at = worker) {
  const body = JSON.stringify({ cache_type: "all" });
  const response = await fetch(new URL("/api/system/cache/clear", at.url), { method: "POST", headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, body });
  assert.equal(response.status, 200);
}

test("RFC 9110 §8.8.3, §13.1.2: a strong tag, compared weakly, in a list or as *", async () => {
  const { etag } = (await ask(PAGE)).headers;
  assert.match(etag, /^"[\x21\x23-\x7e]+"$/);
  for (const held of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) assert.equal((await ask(PAGE, { "if-none-match": held })).status, 304, held);
  for (const other of ['"x"', 'W/"x"']) assert.equal((await ask(PAGE, { "if-none-match": other })).status, 200, other);
});

test("RFC 9110 §8.8.2, §13.1.3: a date in the past, in whole seconds, and who has it gets no body", async () => {
  const { headers } = await ask(PAGE);
  const date = headers["last-modified"];
  assert.equal(new Date(date).toUTCString(), date);
  assert.ok(Date.parse(date) <= Date.now());
  assert.equal((await ask(PAGE, { "if-modified-since": date })).status, 304);
  const later = new Date(Date.parse(date) + 86_400_000).toUTCString();
  assert.equal((await ask(PAGE, { "if-modified-since": later })).status, 304);
  const earlier = new Date(Date.parse(date) - 1_000).toUTCString();
  for (const other of [earlier, "no date", "2026-11-28T00:00:00Z"]) assert.equal((await ask(PAGE, { "if-modified-since": other })).status, 200, other);
});

test("RFC 9110 §13.2.2: If-None-Match comes first", async () => {
  const { etag, "last-modified": date } = (await ask(PAGE)).headers;
  assert.equal((await ask(PAGE, { "if-none-match": '"x"', "if-modified-since": date })).status, 200);
  assert.equal((await ask(PAGE, { "if-none-match": etag, "if-modified-since": new Date(0).toUTCString() })).status, 304);
});

test("RFC 9110 §15.4.5: 304 has the validators and the directives of 200, and no body", async () => {
  const full = await ask(PAGE);
  for (const method of ["GET", "HEAD"]) {
    const short = await ask(PAGE, { "if-none-match": full.headers.etag }, method);
    assert.equal(short.status, 304);
    assert.equal(short.text, "");
    for (const name of ["etag", "last-modified", "vary"]) assert.equal(short.headers[name], full.headers[name], name);
    assert.match(short.headers["cache-control"], /max-age=\d+/);
    assert.equal(short.headers["content-length"] ?? "0", "0");
  }
});

test("RFC 9110 §15.5.6, §9.3.7: 405 and OPTIONS say what is allowed", async () => {
  for (const method of ["POST", "DELETE"]) assert.equal((await ask(PAGE, {}, method)).headers.allow, "GET, HEAD, OPTIONS");
  assert.equal((await ask(PAGE, {}, "OPTIONS")).headers.allow, "GET, HEAD, OPTIONS");
});

test("RFC 9111 §5.1, §5.2.2: age counts against max-age, and errors are not stored", async () => {
  const { headers } = await ask(PAGE);
  const [, maxAge] = /(?:^|, )max-age=(\d+)/.exec(headers["cache-control"]);
  assert.match(headers.age, /^\d+$/);
  assert.ok(Number(maxAge) - Number(headers.age) >= 20 && Number(maxAge) - Number(headers.age) <= 60);
  for (const path of ["/nothing", "/models/unique?limit=0", "/api/system/cache/stats"]) assert.equal((await ask(path)).headers["cache-control"], "no-store", path);
});

test("RFC 9111 §5.2.1.7: only-if-cached is 504 where nothing is", async () => {
  assert.equal((await ask(PAGE, { "cache-control": "only-if-cached" })).status, 200);
  await stack.redis.command("FLUSHALL");
  const cold = await startWorker(stack, { CACHE_NAMESPACE: "conformance:" });
  try {
    const { status, headers } = await cold.get(PAGE, { headers: { "cache-control": "only-if-cached" } });
    assert.equal(status, 504);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal((await cold.get(PAGE)).status, 200);
    assert.equal((await cold.get(PAGE, { headers: { "cache-control": "only-if-cached" } })).status, 200);
  } finally {
    await cold.stop();
  }
});

test("RFC 9111 §5.2.1.4: no-cache sees what memory has not heard of", async () => {
  await ask(PAGE);
  // Another Worker, whose clear this one hears of with its next check only.
  const other = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE, ADMIN_TOKEN });
  try {
    // What was compared less than five seconds ago is current enough.
    await sleep(5_200);
    await clear(other);
    const { result: answer } = await costOf(stack, () => ask(PAGE, { "cache-control": "no-cache" }));
    assert.deepEqual([answer.status, answer.headers["x-cache"]], [200, "MISS"]);
  } finally {
    await other.stop();
  }
  const { redis, origin, ms } = await costOf(stack, async () => {
    for (let n = 0; n < 40; n += 1) assert.equal((await ask(PAGE, { "cache-control": "no-cache" })).headers["x-cache"], "HIT");
  });
  const allowed = 1 + Math.ceil(ms / 5_000);
  assert.ok(redis.requests <= allowed, `${redis.requests} requests to Redis by 40, where ${allowed} are allowed`);
  assert.equal(origin.requests, 0);
});

test("RFC 9111 §5.2.1.1–3: directives that what is fresh satisfies change nothing", async () => {
  for (const directive of ["max-age=600", "max-stale", "max-stale=5", "min-fresh=60", "no-store", "max-age=x", "unknown=1, =,"]) {
    const answer = await ask(PAGE, { "cache-control": directive });
    assert.deepEqual([answer.status, answer.headers["x-cache"]], [200, "HIT"], directive);
  }
});

test("RFC 9211: Cache-Status is a list of tiers with their parameters", async () => {
  await clear();
  for (const served of ["MISS", "HIT"]) {
    const { headers } = await ask(PAGE);
    assert.equal(headers["x-cache"], served);
    const members = parseList(headers["cache-status"]);
    assert.ok(members.length > 0);
    for (const [name, parameters] of members) {
      assert.ok(name instanceof Token);
      assert.ok(parameters.get("hit") === true || parameters.get("fwd") instanceof Token, headers["cache-status"]);
      if (parameters.has("ttl")) assert.ok(Number.isInteger(parameters.get("ttl")));
      if (parameters.has("fwd")) assert.ok(["bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale", "partial"].includes(String(parameters.get("fwd"))));
    }
    assert.equal(members.some(([, parameters]) => parameters.get("hit") === true), served === "HIT");
  }
});

test("No-Vary-Search: neither the order of parameters nor an unknown one makes another page", async () => {
  const { headers, text } = await ask(PAGE);
  const members = parseDictionary(headers["no-vary-search"]);
  assert.equal(members.get("key-order")[0], true);
  assert.equal(members.get("params")[0], true);
  const significant = members.get("except")[0].map(([name]) => name);
  const { paths, components } = JSON.parse((await ask("/openapi.json")).text);
  const { parameters } = paths["/models/unique"].get;
  const names = new Map(Object.entries(components.parameters).map(([key, { name, in: place }]) => [key, place === "query" && name]));
  assert.deepEqual(significant, parameters.map(({ $ref }) => names.get($ref.split("/").at(-1))).filter(Boolean));
  assert.equal((await ask("/models/unique?x=1&order=asc&sort_by=name&limit=2&utm_source=a")).text, text);
});

test("RFC 8288: links are read by a parser, relative to the host, and end where there is no more", async () => {
  const relations = [];
  for (let path = PAGE, pages = 0; path && pages < 1_000; pages += 1) {
    const links = LinkHeader.parse((await ask(path)).headers.link);
    assert.ok(links.refs.every(({ uri }) => uri.startsWith("/models/unique?")));
    relations.push(links.refs.map(({ rel }) => rel));
    path = links.rel("next")[0]?.uri;
  }
  assert.deepEqual(relations[0], ["first", "next", "last"]);
  assert.deepEqual(relations.at(-1), ["first", "prev", "last"]);
  assert.ok(relations.slice(1, -1).every((of) => of.join() === "first,prev,next,last"));
});

test("a cache downstream finds answers usable, ages them, and validates them", async () => {
  const request = { url: PAGE, method: "GET", headers: {} };
  const answer = await ask(PAGE);
  for (const shared of [true, false]) {
    const policy = new CachePolicy(request, answer, { shared });
    assert.ok(policy.storable());
    assert.ok(policy.satisfiesWithoutRevalidation(request));
    const left = policy.maxAge() - policy.age();
    assert.ok(left > 15, `${left} s`);
    policy.now = () => Date.now() + (left + 1) * 1_000;
    assert.ok(!policy.satisfiesWithoutRevalidation(request));
    const headers = policy.revalidationHeaders(request);
    assert.equal(headers["if-none-match"], answer.headers.etag);
    const { policy: revalidated, modified } = policy.revalidatedPolicy(request, await ask(PAGE, headers));
    assert.equal(modified, false);
    revalidated.now = Date.now;
    assert.ok(revalidated.satisfiesWithoutRevalidation(request));
    const failed = policy.revalidatedPolicy(request, { status: 503, headers: {} });
    assert.equal(failed.modified, false, "stale-if-error");
    assert.ok(policy.stale());
  }
  for (const path of ["/nothing", "/models/unique?limit=0"]) {
    const refused = await ask(path);
    assert.ok(!new CachePolicy({ ...request, url: path }, refused).storable(), path);
  }
});
