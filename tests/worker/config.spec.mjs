// Settings: what a deployment may look like, what is said of a wrong one, and that secrets stay secret.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../../dev/stack/index.mjs";
import { mappingPages, withWorker } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "config-admin-token-0123456789";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const ALL = "/models/unique?limit=1000";

describe("a server that gives 100 rows at a time", () => {
  const { tables, listings } = readVectors("mid");
  let stack;

  before(async () => (stack = await startStack({ tables, maxRows: 100 })));
  after(() => stack?.stop());

  test("makes no difference to the catalog", async () => {
    await withWorker(stack, {}, async (worker) => {
      const answer = await worker.get(ALL);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
    });
    const offsets = mappingPages(stack).map(({ path }) => Number(/[?&]offset=(\d+)/.exec(path)[1]));
    const rows = listings.get(DEFAULT_KEY).reduce((sum, model) => sum + model.providers.length, 0);
    assert.equal(offsets.length, Math.ceil(rows / 100));
    assert.deepEqual(offsets.sort((a, b) => a - b), offsets.map((_, page) => page * 100), "each page once");
    for (const { path } of stack.supabase.requests) assert.match(path, /[?&]order=id(&|$)/);
  });
});

describe("settings", () => {
  const { tables, listings } = readVectors("tiny");
  let stack;

  before(async () => (stack = await startStack({ tables, faults: true })));
  after(() => stack?.stop());
  beforeEach(async () => {
    await stack.redis.command("FLUSHALL");
    stack.proxies.supabase.clear();
    stack.proxies.upstash.clear();
    stack.supabase.clearRequests();
    stack.upstash.clearCommands();
  });

  test("an opaque sb_ key opens Supabase as a JWT does", async () => {
    const vars = { SUPABASE_SERVICE_ROLE_KEY: stack.otherSecrets.SUPABASE_SECRET_KEY };
    await withWorker(stack, vars, async (worker) => {
      const answer = await worker.get(ALL);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
    });
  });

  test("a key without the rights gets a 503, not an empty catalog", async () => {
    const vars = { SUPABASE_SERVICE_ROLE_KEY: stack.otherSecrets.SUPABASE_ANON_KEY };
    await withWorker(stack, vars, async (worker) => assert.equal((await worker.get(ALL)).status, 503));
    assert.equal(await stack.redis.command("EXISTS", DEFAULT_KEY), 0);
  });

  test("ENABLED_PROVIDERS leaves only offers of those", async () => {
    await withWorker(stack, { ENABLED_PROVIDERS: " OpenAI ,groq" }, async (worker) => {
      const { body } = await worker.get(ALL);
      const slugs = new Set(body.models.flatMap(({ providers }) => providers.map(({ slug }) => slug)));
      assert.deepEqual([...slugs].sort(), ["groq", "openai"]);
    });
  });

  test("PRICE_FALLBACK=model_pricing takes prices that are not known from the model's own row", async () => {
    const unpriced = (models) => models.flatMap(({ providers }) => providers).filter(({ pricing }) => Number(pricing.prompt) === 0);
    await stack.database.run(`insert into model_pricing (model_id, price_per_input_token, price_per_output_token)
      select id, 0.00000015, 0.0000006 from models on conflict (model_id) do update
      set price_per_input_token = excluded.price_per_input_token, price_per_output_token = excluded.price_per_output_token`);
    await withWorker(stack, { PRICE_FALLBACK: "off" }, async (worker) => {
      assert.deepEqual((await worker.get(ALL)).body.models, listings.get(DEFAULT_KEY));
    });
    assert.ok(unpriced(listings.get(DEFAULT_KEY)).length > 0);
    await withWorker(stack, { PRICE_FALLBACK: "model_pricing" }, async (worker) => {
      const { models } = (await worker.get(ALL)).body;
      const taken = models.flatMap(({ providers }) => providers).filter(({ pricing }) => pricing.prompt === "1.5e-07");
      assert.ok(taken.length > 0);
      for (const { pricing } of taken) assert.equal(pricing.completion, "6e-07");
      for (const { providers } of models) {
        const prices = providers.map(({ pricing }) => Number(pricing.prompt));
        assert.deepEqual(prices, prices.toSorted((a, b) => a - b));
      }
    });
  });

  test("EDGE_MODE=read_only serves and writes nothing", async () => {
    await withWorker(stack, { EDGE_MODE: "read_only" }, async (worker) => {
      assert.deepEqual((await worker.get(ALL)).body.models, listings.get(DEFAULT_KEY));
      await worker.cron();
      assert.deepEqual((await (await worker.kv()).list()).keys, []);
    });
    assert.deepEqual(await stack.redis.command("KEYS", "*"), []);
  });

  test("EDGE_MODE=passthrough asks the origin alone; what comes within a second shares its answer", async () => {
    await withWorker(stack, { EDGE_MODE: "passthrough" }, async (worker) => {
      for (let loads = 1; loads <= 2; loads += 1) {
        const answers = await Promise.all(Array.from({ length: 30 }, () => worker.get(ALL)));
        for (const answer of answers) {
          assert.equal(answer.headers["x-cache"], "MISS");
          assert.deepEqual(answer.body.models, listings.get(DEFAULT_KEY));
        }
        assert.equal(mappingPages(stack).length, loads);
        await sleep(1_100);
      }
    });
    assert.deepEqual(stack.upstash.commands, []);
  });

  test("every mistake is named in one answer, and no value", async () => {
    const mistakes = {
      UPSTASH_REDIS_REST_URL: null,
      UPSTASH_REDIS_REST_TOKEN: null,
      SUPABASE_URL: "ftp://secret-host.example",
      SUPABASE_SERVICE_ROLE_KEY: null,
      CACHE_TTL_SECONDS: "secret-number",
      HEDGE_MS: "-1",
      EDGE_MODE: "secret-mode",
    };
    await withWorker(stack, mistakes, async (worker) => {
      const { status, headers, body, text } = await worker.get("/models/unique");
      assert.equal(status, 500);
      assert.equal(headers["content-type"], "application/problem+json");
      assert.equal(headers["cache-control"], "no-store");
      for (const name of Object.keys(mistakes)) assert.ok(body.detail.includes(name), name);
      assert.equal((await worker.cron()).outcome, "exception", "cron fails visibly");
      const log = logOf(worker);
      for (const name of Object.keys(mistakes)) assert.ok(log.includes(name), `${name} in the log`);
      for (const place of [text, log]) assert.doesNotMatch(place, /secret-|ftp:/);
    });
  });

  test("secrets are in no body, header or log line, whatever fails", async () => {
    const secrets = { ...stack.secrets, ADMIN_TOKEN };
    const echo = Object.values(secrets).join(" ");
    await withWorker(stack, { ADMIN_TOKEN }, async (worker) => {
      const seen = [];
      const see = async (path, init) => {
        const { text, headers } = await worker.get(path, init);
        seen.push(text, JSON.stringify(headers));
      };
      const admin = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } };
      await see("/models/unique");
      await see("/api/system/cache/stats", admin);
      await see("/api/system/cache/warm", { ...admin, method: "POST" });
      stack.proxies.supabase.set({ fault: "status", status: 401, body: { code: echo, message: echo, hint: echo } });
      stack.proxies.upstash.set({ fault: "status", status: 401, body: { error: `WRONGPASS ${echo}` } });
      await see("/models/unique?include_inactive=true");
      await see("/api/system/cache/stats", admin);
      await see("/api/system/cache/stats", { headers: { authorization: `Bearer ${ADMIN_TOKEN}x` } });
      await see("/api/system/cache/warm", { ...admin, method: "POST" });
      await see("/api/system/cache/clear", { ...admin, method: "POST", body: '{"cache_type":"all"}' });
      await worker.cron();
      seen.push(logOf(worker));
      for (const [name, secret] of Object.entries(secrets)) {
        assert.ok(!seen.some((text) => text.includes(secret)), name);
      }
      assert.match(logOf(worker), /tier_error/, "the failures were logged");
      assert.match(logOf(worker), /origin_error/);
    });
  });
});

function logOf(worker) {
  return worker.server.getLogs().map(({ message }) => message).join("\n");
}
