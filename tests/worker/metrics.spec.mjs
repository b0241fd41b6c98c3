// The metrics of the built Worker: who may read them, what they say after traffic and faults, that counters never fall, and that
// alert rules and dashboard name what is there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startStack } from "../../dev/stack/index.mjs";
import { familyOf, parseExposition, promtool, withPromtool } from "./exposition.mjs";
import { eventually, startWorker } from "./harness.mjs";
import { NAMESPACE, withWorker } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "admin-token-0123456789";
const METRICS_TOKEN = "metrics-token-0123456789";
const LISTING = "/models/unique?limit=1";
const LAST_WRITTEN = `${NAMESPACE}models:unique:filtered:sortcheapest_price:asc`;
const CLEAR = "/api/system/cache/clear";
const STATS = "/api/system/cache/stats";
const CLIENTS_TEXT = "text-of-a-client";

const path = (name) => fileURLToPath(new URL(`../../ops/${name}`, import.meta.url));
const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });
const operator = bearer(ADMIN_TOKEN);

let stack, worker;

before(async () => (stack = await startStack({ tables: readVectors("tiny").tables, faults: true })));
after(() => stack?.stop());
beforeEach(async () => {
  await stack.redis.command("FLUSHALL");
  worker = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE, ADMIN_TOKEN, METRICS_TOKEN });
});
afterEach(async () => {
  stack.proxies.upstash.clear();
  stack.proxies.supabase.clear();
  await worker.stop();
});

async function scrape(from = worker, init = bearer(METRICS_TOKEN)) {
  const response = await from.fetch("/metrics", init);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return { headers: response.headers, text, ...parseExposition(text) };
}

/** What changed nothing but upwards: of every counter that was there. */
function assertNoCounterFell(before, later) {
  let compared = 0;
  for (const [series, value] of before.values) {
    if (!["counter", "histogram"].includes(before.kinds.get(familyOf(series, before.kinds)))) continue;
    compared += 1;
    assert.ok(later.values.get(series) >= value, `${series}: ${value}, then ${later.values.get(series)}`);
  }
  assert.ok(compared > 150, `only ${compared} series were compared`);
}

/** Requests of every kind, and faults; what is left to do behind them is done when this ends. */
async function traffic() {
  await worker.get(LISTING);
  await eventually(() => stack.redis.command("EXISTS", LAST_WRITTEN), "publication");
  await eventually(async () => (await worker.kv()).get(LAST_WRITTEN), "write to KV");
  await worker.get(LISTING);
  await worker.get(`/${CLIENTS_TEXT}`);
  await worker.get(`/models/unique?order=${CLIENTS_TEXT}`);
  await worker.get(CLEAR, { method: "POST", ...operator, body: '{"cache_type":"all"}' });
  stack.proxies.supabase.set({ fault: "status", status: 503 });
  assert.equal((await worker.get(LISTING)).headers["x-cache"], "STALE");
  await worker.get("/api/system/cache/warm", { method: "POST", ...operator });
  stack.proxies.supabase.clear();
}

test("operators and scrapers may read them, and scrapers nothing else", async () => {
  assert.equal((await worker.get("/metrics")).status, 401);
  assert.equal((await worker.get("/metrics", bearer("another"))).status, 401);
  const { headers } = await scrape(worker, operator);
  assert.equal(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(headers.get("cache-control"), "no-store");
  await scrape();
  assert.equal((await worker.get(STATS, bearer(METRICS_TOKEN))).status, 401);
  assert.equal((await worker.get(CLEAR, { method: "POST", ...bearer(METRICS_TOKEN) })).status, 401);
  assert.equal((await worker.get(STATS, operator)).status, 200);
  assert.equal((await worker.fetch("/metrics", { method: "POST", ...operator })).status, 405);
  await withWorker(stack, {}, async (closed) => assert.equal((await closed.get("/metrics", operator)).status, 404));
  await withWorker(stack, { METRICS_TOKEN }, async (open) => {
    assert.equal((await open.get(STATS, bearer(METRICS_TOKEN))).status, 404);
    await scrape(open);
  });
});

test("they tell of requests, tiers, loads, publications and operators", async () => {
  await traffic();
  const { values } = await scrape();
  const expected = {
    'catalog_requests_total{route="unique",status="200"}': 3,
    'catalog_requests_total{route="unique",status="422"}': 1,
    'catalog_requests_total{route="unknown",status="404"}': 1,
    'catalog_requests_total{route="clear",status="200"}': 1,
    'cache_hits_total{tier="memory"}': 2,
    cache_misses_total: 1,
    'catalog_tier_lookups_total{tier="memory",outcome="fresh"}': 1,
    'catalog_tier_lookups_total{tier="memory",outcome="stale"}': 1,
    'catalog_stale_serves_total{reason="refused"}': 1,
    'catalog_tier_lookups_total{tier="origin",outcome="error"}': 1,
    'cache_invalidations_total{cause="operator-hard"}': 1,
    'catalog_publications_total{outcome="published"}': 1,
    'catalog_warm_runs_total{outcome="error"}': 1,
    'catalog_quarantines_total{reason="shrunk"}': 0,
    'catalog_isolate_breaker_state{tier="upstash",state="closed"}': 1,
    'catalog_isolate_breaker_state{tier="upstash",state="open"}': 0,
    catalog_redis_up: 1,
    cache_hit_rate: 0.666,
  };
  for (const [series, value] of Object.entries(expected)) assert.equal(values.get(series), value, series);
  const loads = values.get("catalog_origin_loads_total");
  assert.ok(loads >= 2);
  assert.equal(values.get("catalog_origin_load_duration_seconds_count"), loads);
  assert.ok(values.get('cache_errors_total{tier="origin"}') >= 1);
  assert.ok(values.get("catalog_origin_retries_total") >= 1);
  for (const series of ["commands", "sent_bytes", "received_bytes"]) {
    assert.ok(values.get(`catalog_redis_${series}_total`) > 0, series);
  }
  assert.ok(values.get('catalog_kv_operations_total{operation="write",outcome="ok"}') >= 7);
  assert.ok(values.get("catalog_isolate_wasm_memory_bytes") > 1_000_000);
  assert.equal(values.get("catalog_isolate_memory_entries"), 1);
});

test("what is published tells when it was read", async () => {
  const begun = Date.now() / 1000;
  await worker.cron();
  const { values } = await scrape();
  const at = values.get('catalog_last_good_load_timestamp_seconds{source="active"}');
  assert.ok(at >= begun - 1 && at <= Date.now() / 1000 + 1, `${at}`);
  assert.ok(values.get('catalog_published_entries{source="active"}') > 0);
  assert.equal(values.get('catalog_last_good_load_timestamp_seconds{source="all"}'), undefined);
});

test("no counter falls, whichever isolate answers, nor is anything counted twice", async () => {
  await withWorker(stack, { METRICS_TOKEN }, async (other) => {
    await traffic();
    await worker.cron();
    assert.equal((await other.get(LISTING)).status, 200);
    let last = await scrape();
    for (const from of [other, worker, other, other, worker]) {
      await from.get(LISTING);
      const next = await scrape(from);
      assertNoCounterFell(last, next);
      last = next;
    }
    await scrape(other);
    const { values } = await scrape();
    assert.equal(values.get('catalog_requests_total{route="unique",status="200"}'), 3 + 1 + 5);
  });
});

test("without Redis there are no counters, and none has fallen afterwards", async () => {
  await traffic();
  const before = await scrape();
  stack.proxies.upstash.set({ fault: "reset" });
  await worker.get(LISTING);
  const during = await scrape();
  assert.equal(during.values.get("catalog_redis_up"), 0);
  assert.deepEqual([...new Set(during.kinds.values())], ["gauge"]);
  const names = [...during.kinds.keys()].filter((name) => name !== "catalog_redis_up");
  assert.ok(names.length >= 5 && names.every((name) => name.startsWith("catalog_isolate_")), `${names}`);
  stack.proxies.upstash.clear();
  const later = await eventually(async () => {
    const later = await scrape();
    return later.values.get("catalog_redis_up") === 1 && later;
  }, "Redis again");
  assertNoCounterFell(before, later);
  const errors = "redis_connection_errors_total";
  assert.ok(later.values.get(errors) > before.values.get(errors), errors);
});

test("they hold no secret, no URL and no client's text", async () => {
  await traffic();
  const { text } = await scrape();
  const secrets = [...Object.values(stack.secrets), ...Object.values(stack.vars), ADMIN_TOKEN, METRICS_TOKEN];
  for (const secret of [...secrets, CLIENTS_TEXT, "http"]) assert.ok(!text.includes(secret), secret);
});

// What is written to it cannot be read here: workerd has no datasets of its own.
test("a bound dataset changes no answer", async () => {
  const bindings = '[[analytics_engine_datasets]]\nbinding = "CATALOG_ANALYTICS"\n';
  const open = (own, vars) => startWorker(own, vars, { toml: bindings });
  await withWorker(stack, { METRICS_TOKEN }, async (bound) => {
    assert.ok((await bound.server.getWorker().getEnv()).CATALOG_ANALYTICS, "the binding");
    for (const cache of ["MISS", "HIT"]) {
      const { status, headers } = await bound.get(LISTING);
      assert.deepEqual([status, headers["x-cache"]], [200, cache]);
    }
    await scrape(bound);
  }, open);
});

test("promtool finds nothing wrong with them", withPromtool, async () => {
  promtool(["check", "metrics"], (await scrape()).text);
  await traffic();
  promtool(["check", "metrics"], (await scrape()).text);
  stack.proxies.upstash.set({ fault: "reset" });
  promtool(["check", "metrics"], (await scrape()).text);
});

test("promtool accepts the alert rules, and they fire when they should", withPromtool, () => {
  promtool(["check", "rules", path("prometheus/rules.yml")]);
  promtool(["test", "rules", path("prometheus/rules.test.yml")]);
});

test("rules and dashboard name metrics and labels that are there", async () => {
  await traffic();
  // The first load after an invalidation is published.
  await worker.cron();
  const { kinds, values } = await scrape();
  const dashboard = JSON.parse(readFileSync(path("grafana/dashboard.json"), "utf8"));
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  assert.ok(expressions.length > 20, "the dashboard's queries");
  const texts = [...expressions, readFileSync(path("prometheus/rules.yml"), "utf8"), readFileSync(path("prometheus/rules.test.yml"), "utf8")];
  const named = new Set(texts.flatMap((text) => text.match(/\b(?:cache|catalog|redis)_\w+/g) ?? []));
  assert.ok(named.size > 20, `${[...named]}`);
  for (const name of named) assert.ok(kinds.has(familyOf(name, kinds)), `${name} is no metric`);
  // `name{label="a"}` and `name{label=~"a|b"}`: each value is one of the metric's.
  let matched = 0;
  for (const [, name, label, words] of texts.join("\n").matchAll(/\b(\w+)\{\s*(\w+)=~?"([^"]+)"\}/g)) {
    for (const word of words.split("|")) {
      matched += 1;
      assert.ok(values.has(`${name}{${label}="${word}"}`), `${name} has no ${label} ${word}`);
    }
  }
  assert.ok(matched > 10, `only ${matched} labels were read`);
  for (const [, labels] of texts.join("\n").matchAll(/\bby \(([^)]+)\)/g)) {
    for (const label of labels.split(", ")) {
      assert.ok(label === "le" || [...values.keys()].some((series) => new RegExp(`[{,]${label}="`).test(series)), label);
    }
  }
});
