// examples/python/catalog_cache.py does what docs/migration.md says, against the Worker over the local stack.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { after, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { toolBin } from "../../dev/tools.mjs";
import { SCHEMATHESIS } from "../../dev/versions.mjs";
import { eventually, startWorker } from "./harness.mjs";
import { readText, readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "python-admin-token-0123456789";
const FOLDER = fileURLToPath(new URL("../../examples/python", import.meta.url));
// The Python that set-up made for the OpenAPI document's tests: a machine may have none of its own.
const PYTHON = toolBin("schemathesis", SCHEMATHESIS, "python");
// Calls on standard input, one after the other in one process; what each gave, or raised.
const DRIVER = `
import json, sys
import catalog_cache
def outcome(name, args, keywords):
    try:
        return {"result": getattr(catalog_cache, name)(*args, **keywords)}
    except catalog_cache.CatalogError as error:
        return {"raised": {**vars(error), "text": str(error)}}
print(json.dumps([outcome(*call) for call in json.load(sys.stdin)]))
`;
const FULL = "models:catalog:v2:full";
const GROQ = ["models:provider:groq", "models:edge:snapshot:provider:groq"];

let stack, worker, front;

before(async () => {
  stack = await startStack({ tables: readVectors("providers").tables });
  worker = await startWorker(stack, { ADMIN_TOKEN });
  front = await startFront(() => worker.url);
});
after(async () => {
  await front?.stop();
  await worker?.stop();
  await stack?.stop();
});
beforeEach(() => front.seen.splice(0));

test("docs/migration.md has every name that the module has", () => {
  const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const [, list] = /__all__ = \[([^\]]+)\]/.exec(read("examples/python/catalog_cache.py"));
  const names = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  assert.ok(names.length >= 20);
  const table = read("docs/migration.md");
  for (const name of names) assert.ok(table.includes(`\`${name}`), name);
});

test("a provider's catalog, and everyone's, are what the pages of /v1/models have", async () => {
  const groq = await pages("gateway=groq");
  const featherless = await pages("gateway=featherless");
  const all = await pages("gateway=all");
  assert.ok(featherless.length > 1000 && all.length > featherless.length && groq.length > 0, "several pages");
  front.seen.splice(0);
  const read = (gateway) => ["get_cached_gateway_catalog", gateway];
  const results = await succeed([read("groq"), read("featherless"), read("featherless"), read("Google"), ["get_cached_full_catalog"]]);
  assert.deepEqual(results, [groq, featherless, featherless, await pages("gateway=google-vertex"), all]);
  const asked = (part) => front.seen.filter(({ path }) => path.includes(part)).map(({ status }) => status);
  assert.deepEqual(asked("gateway=groq"), [200]);
  assert.deepEqual(asked("gateway=featherless"), [200, 200, 304, 304, 304, 304], "looked at again, and the second time only that");
  assert.deepEqual(asked("gateway=all"), [200, 200, 304, 304]);
  assert.ok(front.seen.every(({ authorization }) => authorization === undefined), "who reads shows no token");
});

test("everyone's catalog is waited for while it is loaded part by part", async () => {
  const cold = await startWorker(stack, { ADMIN_TOKEN, CACHE_NAMESPACE: "cold:" });
  try {
    const first = await cold.get("/v1/models?gateway=all");
    assert.deepEqual([first.status, first.headers["retry-after"]], [503, "1"]);
    const [all] = await succeed([["get_cached_full_catalog"]], { EDGE_URL: cold.url.href });
    assert.deepEqual(all, await pages("gateway=all"));
  } finally {
    await cold.stop();
  }
});

test("a catalog that changes between two pages is read again", async () => {
  const path = "/v1/models?gateway=featherless&limit=1000&offset=1000";
  front.before(path, async () => {
    const first = "select id from models where provider_id = 7 and is_active order by model_name limit 40";
    await stack.database.run(`update models set is_active = false where id in (${first})`);
    await warm({ providers: ["featherless"] });
  });
  const [models] = await succeed([["get_cached_gateway_catalog", "featherless"]]);
  const now = await pages("gateway=featherless");
  assert.deepEqual(models, now);
});

test("what is wrong raises, with the Worker's own sentence", async () => {
  const nowhere = await worker.get("/v1/models?gateway=nowhere");
  const calls = [
    ["get_cached_gateway_catalog", "nowhere"],
    ["invalidate_provider_catalog", "nowhere"],
    ["warm_cache", ["groq", "nowhere"]],
    ["warm_cache", Array(40).fill("groq")],
    ["get_cached_unique_models", { min_providers: 0 }],
    ["set_cached_gateway_catalog", "groq", []],
    ["is_gateway_in_error_state", "nowhere"],
  ];
  const [unknown, uncleared, unwarmed, many, none, written, unasked] = await fail(calls);
  assert.equal(nowhere.status, 400);
  for (const error of [unknown, uncleared, unwarmed]) {
    assert.deepEqual([error.status, error.detail, error.text], [400, nowhere.body.detail, `400: ${nowhere.body.detail}`]);
    assert.deepEqual(error.body, nowhere.body);
  }
  assert.deepEqual([many.status, many.detail], [422, "body.providers: List should have at most 32 items after validation"]);
  assert.deepEqual([none.status, none.detail], [422, "query.min_providers: Input should be greater than or equal to 1"]);
  assert.equal(written.status, null);
  assert.match(written.detail, /from the database.+warm_cache/);
  assert.match(unasked.detail, /no gateway 'nowhere'/);
});

test("unique models, and the relations between them and providers", async () => {
  const listing = async (query) => (await worker.get(`/models/unique?limit=1000&${query}`)).body.models;
  const named = await listing("sort_by=name&order=asc&include_inactive=true");
  const shared = (await listing("min_providers=2"))[0] ?? named[0];
  const [unique, some, one, none, relation, offered, nobody] = await succeed([
    ["get_cached_unique_models", { sort_by: "name", order: "asc", include_inactive: true }],
    ["get_cached_unique_models", { min_providers: 2 }],
    ["get_cached_unique_model", shared.name],
    ["get_cached_unique_model", "no such model"],
    ["get_cached_model_relationships_by_unique", shared.name],
    ["get_cached_model_relationships_by_provider", "GROQ"],
    ["get_cached_model_relationships_by_provider", "nobody/here"],
  ]);
  const first = unique.slice(0, 1000);
  assert.ok(unique.length > 1000, "several pages");
  assert.deepEqual(first, named);
  assert.deepEqual(some, await listing("min_providers=2"));
  assert.deepEqual([one, none], [shared, null]);
  const slugs = shared.providers.map(({ slug }) => slug);
  assert.deepEqual(relation, { model: shared.name, providers: slugs, provider_count: shared.provider_count });
  const answer = await worker.get(`/models/unique/${encodeURIComponent(shared.name)}`);
  assert.deepEqual(answer.body.relations, [relation], "the same as the route of one model");
  assert.deepEqual(offered, (await worker.get("/providers/groq/models")).body.relation);
  assert.equal(nobody, null);
});

test("warm_cache publishes, invalidate_provider_catalog unlinks that and no more", async () => {
  await stack.redis.command("FLUSHALL");
  const [report, unique] = await succeed([["warm_cache", ["groq", "Near-AI"]], ["warm_cache"]]);
  assert.deepEqual(report.warmed.map(({ provider }) => provider), ["groq", "near"]);
  assert.equal(unique.error, null);
  await eventually(() => exist("models:provider:groq", "models:provider:near", "models:unique:filtered:sortprovider_count:desc"), "publication");
  const stored = JSON.parse(await stack.redis.command("GET", "models:provider:groq"));
  assert.equal(stored.length, report.warmed[0].count);
  await stack.redis.command("SET", FULL, "[]", "EX", "900");
  const [done] = await succeed([["invalidate_provider_catalog", "GROQ"]]);
  const { duration_ms, keys_deleted, ...rest } = done;
  assert.ok(duration_ms >= 0);
  assert.deepEqual(rest, { success: true, cache_type: "provider", provider: "groq", mode: "hard" });
  assert.deepEqual(await Promise.all([...GROQ, FULL].map((key) => stack.redis.command("EXISTS", key))), [0, 0, 0]);
  assert.equal(keys_deleted, 3, "its list, its snapshot, and the list of all");
  assert.ok(await exist("models:provider:near", "models:unique:filtered:sortprovider_count:desc"), "nobody else's");
  const [soft, cleared] = await succeed([
    ["invalidate_provider_catalog", "near", { mode: "soft" }],
    ["clear_all_model_caches"],
  ]);
  assert.equal(soft.mode, "soft");
  assert.equal(cleared.cache_type, "all");
  assert.ok(!(await exist("models:unique:filtered:sortprovider_count:desc")));
  assert.deepEqual(await succeed([["get_cached_gateway_catalog", "groq"]]), [await pages("gateway=groq")]);
});

test("statistics, and a provider whose loads failed", async () => {
  const [before] = await succeed([["get_catalog_cache_stats"]]);
  assert.equal(before.redis_available, true);
  assert.ok(before.invalidations >= 3 && before.sources["provider:groq"]);
  const held = ["is_gateway_in_error_state", "groq"];
  await succeed([["invalidate_provider_catalog", "groq"]]);
  await stack.supabase.stop();
  let report;
  try {
    [report] = await fail([["warm_cache", ["groq"], { force: true }]]);
    assert.equal(report.status, 200);
    assert.match(report.detail, /^groq: /);
    assert.equal(report.body.warmed[0].provider, "groq");
    assert.deepEqual(await succeed([held]), [true]);
  } finally {
    await stack.supabase.start();
  }
  const [forgiven, after, healed] = await succeed([["clear_gateway_error", "groq"], held, ["get_cached_gateway_catalog", "groq"]]);
  assert.equal(forgiven.cache_type, "provider_errors");
  assert.equal(after, false);
  assert.deepEqual(healed, await pages("gateway=groq"));
});

test("the phases: read_only reads what the backend left, passthrough nothing, and neither writes", async () => {
  const key = "gw:models:provider:groq";
  const left = JSON.parse(readText(`providers/expected_raw_stdlib/${key}.json`));
  left[0].description = "what the backend left";
  await stack.redis.command("FLUSHALL");
  await stack.redis.command("SET", key, JSON.stringify(left), "EX", "1700");
  const descriptions = { read_only: left[0].description, passthrough: (await pages("gateway=groq"))[0].description };
  for (const [EDGE_MODE, description] of Object.entries(descriptions)) {
    const edge = await startWorker(stack, { ADMIN_TOKEN, EDGE_MODE, CACHE_NAMESPACE: "gw:" });
    try {
      const env = { EDGE_URL: edge.url.href };
      const [groq, stats] = await succeed([["get_cached_gateway_catalog", "groq"], ["get_catalog_cache_stats"]], env);
      assert.equal(groq[0].description, description, EDGE_MODE);
      assert.equal(stats.isolate.mode, EDGE_MODE);
      assert.equal(stats.isolate.variants.some((resident) => resident.key === key), EDGE_MODE === "read_only");
      const [cleared, warmed] = await fail([["clear_all_model_caches"], ["warm_cache", ["groq"]]], env);
      assert.equal(cleared.status, 409);
      assert.equal(warmed.detail, `groq: ${EDGE_MODE.replace("_", "-")}`);
      assert.deepEqual(await stack.redis.command("KEYS", "gw:*"), [key]);
    } finally {
      await edge.stop();
    }
  }
});

test("the token goes to the Worker alone, and is shown nowhere", async () => {
  const wrong = `${ADMIN_TOKEN}x`;
  const calls = [["invalidate_provider_catalog", "groq"], ["warm_cache"], ["get_catalog_cache_stats"]];
  for (const error of await fail(calls, { ADMIN_TOKEN: wrong })) {
    assert.equal(error.status, 401);
    assert.ok(error.detail && !JSON.stringify(error).includes(ADMIN_TOKEN));
  }
  front.seen.splice(0);
  for (const error of await fail(calls, { ADMIN_TOKEN: "" })) assert.match(error.detail, /ADMIN_TOKEN/);
  assert.deepEqual(front.seen, [], "nothing is asked");
  front.redirect("/api/system/cache/stats", "/v1/gateways");
  const [moved] = await fail([["get_catalog_cache_stats"]]);
  assert.equal(moved.status, 302);
  assert.deepEqual(front.seen.map(({ path }) => path), ["/api/system/cache/stats"], "no redirection is followed");
  const [nobody] = await fail([["get_cached_full_catalog"]], { EDGE_URL: "http://127.0.0.1:1" });
  assert.equal(nobody.status, null);
  assert.match(nobody.detail, /^no answer: /);
  const broken = `${ADMIN_TOKEN}\n\nX-Other: 1`;
  const { shown, code } = await python([["get_catalog_cache_stats"]], { ADMIN_TOKEN: broken });
  assert.notEqual(code, 0);
  assert.ok(/ValueError/.test(shown) && !shown.includes(ADMIN_TOKEN), shown);
});

/** Every model of a query over /v1/models, page by page. */
async function pages(query) {
  const models = [];
  for (let offset = 0; offset !== null; ) {
    const path = `/v1/models?${query}&limit=1000&offset=${offset}`;
    const { body } = await eventually(async () => {
      const answer = await worker.get(path);
      return answer.status === 200 && answer;
    }, path, 30_000);
    models.push(...body.data);
    offset = body.next_offset;
  }
  return models;
}

async function warm(body) {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await worker.get("/api/system/cache/warm", { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.body.warmed[0].error, null, answer.text);
}

async function exist(...keys) {
  return (await stack.redis.command("EXISTS", ...keys)) === keys.length;
}

async function outcomes(calls, env) {
  const { shown, code, out } = await python(calls, env);
  assert.equal(code, 0, shown);
  return JSON.parse(out);
}

async function succeed(calls, env) {
  return (await outcomes(calls, env)).map(({ result, raised }, index) => {
    assert.equal(raised, undefined, `${calls[index]}: ${raised?.text}`);
    return result;
  });
}

async function fail(calls, env) {
  return (await outcomes(calls, env)).map(({ raised }, index) => {
    assert.ok(raised, `${calls[index]} raised nothing`);
    return raised;
  });
}

/** `calls` are a function's name and its arguments, keywords last. Not spawnSync: the servers of the stack live in this process. */
async function python(calls, env = {}) {
  const isKeywords = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const input = calls.map(([name, ...args]) => [name, args.filter((value) => !isKeywords(value)), args.find(isKeywords) ?? {}]);
  const settings = { PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: FOLDER, NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" };
  const child = spawn(PYTHON, ["-c", DRIVER], { env: { ...process.env, ...settings, EDGE_URL: front.url, ADMIN_TOKEN, ...env } });
  const [out, error] = [[], []];
  child.stdout.on("data", (bytes) => out.push(bytes));
  child.stderr.on("data", (bytes) => error.push(bytes));
  child.stdin.end(JSON.stringify(input));
  const code = await new Promise((resolve) => child.on("close", resolve));
  const texts = [out, error].map((parts) => Buffer.concat(parts).toString());
  return { code, out: texts[0], shown: texts.join("\n") };
}

/** A proxy that passes everything on and remembers it, does something before a path is passed on once, or redirects it. */
async function startFront(target) {
  const [seen, first, moved] = [[], new Map(), new Map()];
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    const parts = [];
    for await (const part of request) parts.push(part);
    await first.get(path)?.();
    first.delete(path);
    const note = (status) => seen.push({ method, path, status, authorization: headers.authorization });
    if (moved.has(path)) {
      note(302);
      response.writeHead(302, { location: moved.get(path) }).end();
      moved.delete(path);
      return;
    }
    const { host, connection, ...sent } = headers;
    const answer = await fetch(new URL(path, target()), { method, headers: sent, body: method === "POST" ? Buffer.concat(parts) : undefined });
    const body = Buffer.from(await answer.arrayBuffer());
    note(answer.status);
    const told = ["content-type", "etag", "retry-after"].filter((name) => answer.headers.has(name));
    response.writeHead(answer.status, Object.fromEntries(told.map((name) => [name, answer.headers.get(name)]))).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    before: (path, act) => first.set(path, act),
    redirect: (path, to) => moved.set(path, to),
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}
