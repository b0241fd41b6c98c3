// Settings as they are pasted and as wrangler.toml writes them: understood, or refused by name, and never shown.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { hitOf, NAMESPACE, snapshotLoads, withWorker } from "./support.mjs";
import { readVectors } from "./vectors.mjs";
import { startWorkerd } from "./workerd.mjs";

const PATH = "/models/unique?limit=1000";
const DEFAULT_KEY = "models:unique:filtered:sortprovider_count:desc";
const ADMIN_TOKEN = "marker-of-the-operators";
const { tables, listings } = readVectors("tiny");
const models = listings.get(`gw:${DEFAULT_KEY}`);

let stack;

before(async () => (stack = await startStack({ tables, kv: true })));
after(() => stack?.stop());
beforeEach(async () => {
  await stack.redis.command("FLUSHALL");
  stack.kv.forget();
  stack.supabase.clearRequests();
});

function withIsolate(vars, use) {
  return withWorker(stack, { ADMIN_TOKEN, ...vars }, use, startWorkerd);
}

async function assertServes(vars) {
  await withIsolate(vars, async (worker) => {
    const answer = await worker.get(PATH);
    assert.equal(answer.status, 200, JSON.stringify(vars));
    assert.deepEqual(answer.body.models, models, JSON.stringify(vars));
  });
}

/** Every request is a 500 that names just these settings, and so is the log. */
async function assertRefused(vars, names, secrets) {
  stack.supabase.clearRequests();
  await withIsolate(vars, async (worker) => {
    const shown = JSON.stringify(vars);
    const answers = [await worker.get(PATH), await worker.get("/"), await worker.get("/api/system/cache/stats")];
    for (const { status, headers, body } of answers) {
      assert.equal(status, 500, shown);
      assert.equal(headers["cache-control"], "no-store", shown);
      const faults = body.detail.replace("configuration: ", "").split("; ");
      assert.deepEqual(faults.map((fault) => fault.split(" ")[0]), names, `${shown}: ${body.detail}`);
    }
    const [event] = worker.events();
    assert.equal(event.event, "misconfigured", shown);
    assert.deepEqual(event.faults.map((fault) => fault.split(" ")[0]), names, shown);
    const seen = [worker.lines.join("\n"), ...answers.map(({ text, headers }) => text + JSON.stringify(headers))].join("\n");
    for (const secret of secrets) assert.ok(!seen.includes(secret), `${secret} is shown: ${seen}`);
  });
  assert.deepEqual(stack.supabase.requests, [], "nothing is asked with wrong settings");
}

test("SUPABASE_URL as the dashboard shows it, with or without slashes, is the project", async () => {
  const root = stack.vars.SUPABASE_URL;
  for (const url of [`${root}/`, `${root}/rest/v1`, `${root}/rest/v1/`, ` ${root}//rest/v1//\n`, root.replace("http", "HTTP")]) {
    await assertServes({ SUPABASE_URL: url });
    assert.equal(snapshotLoads(stack), 1, url);
    for (const { path } of stack.supabase.requests) assert.match(path, /^\/rest\/v1\/[a-z_]+\?/, url);
    await stack.redis.command("FLUSHALL");
    stack.kv.forget();
    stack.supabase.clearRequests();
  }
});

describe("what is pasted along with a setting", () => {
  test("white space around it is dropped, whatever kind it is", async () => {
    const around = (text) => `\t\u00a0 ${text} \u2003\r\n`;
    const vars = { ADMIN_TOKEN: around(ADMIN_TOKEN), CACHE_NAMESPACE: around(NAMESPACE), CACHE_TTL_SECONDS: around("1800") };
    for (const [name, value] of Object.entries({ ...stack.vars, ...stack.secrets })) vars[name] = around(value);
    await withIsolate(vars, async (worker) => {
      assert.deepEqual((await worker.get(PATH)).body.models, models);
      const stats = await worker.get("/api/system/cache/stats", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
      assert.equal(stats.status, 200);
      assert.equal(stats.body.redis_available, true);
    });
  });

  const SPOILS = {
    "a byte-order mark": (text) => `\ufeff${text}`,
    "a zero-width space": (text) => `${text}\u200b`,
    "a word joiner inside": (text) => `${text.slice(0, 9)}\u2060${text.slice(9)}`,
    "a direction mark": (text) => `\u202a${text}`,
    "an ellipsis": (text) => `${text}…`,
    "three dots": (text) => `${text}...`,
    "quotes": (text) => `"${text}"`,
    "single quotes": (text) => `'${text}'`,
    "typographic quotes": (text) => `“${text}”`,
    "white space inside": (text) => `${text.slice(0, 9)} ${text.slice(9)}`,
    "a control character": (text) => `${text}\u0007`,
    "its own name": (text) => `TOKEN="${text}"`,
  };
  const VALUES = {
    UPSTASH_REDIS_REST_URL: "https://marker-a.example/path",
    UPSTASH_REDIS_REST_TOKEN: "marker-b-0123456789",
    SUPABASE_URL: "https://marker-c.example/rest/v1",
    SUPABASE_SERVICE_ROLE_KEY: "sb_secret_marker-d-0123456789",
    ADMIN_TOKEN: "marker-e-0123456789",
    METRICS_TOKEN: "marker-h-0123456789",
  };
  for (const [what, spoil] of Object.entries(SPOILS)) {
    test(`${what} is refused by the setting's name, in all of them at once`, async () => {
      const vars = Object.fromEntries(Object.entries(VALUES).map(([name, value]) => [name, spoil(value)]));
      await assertRefused(vars, Object.keys(VALUES), ["marker-"]);
    });
  }

  test("one that is spoilt does not make the others suspect", async () => {
    for (const name of Object.keys(VALUES)) await assertRefused({ [name]: `"${VALUES[name]}"` }, [name], ["marker-"]);
  });
});

describe("values that wrangler.toml does not write as text", () => {
  test("numbers and booleans count as they are written", async () => {
    await withIsolate({ CACHE_TTL_SECONDS: 600, MEMORY_TTL_SECONDS: 5, CACHE_NAMESPACE: 7 }, async (worker) => {
      await worker.get(PATH);
      assert.equal(hitOf(await worker.get(PATH)).ttl, "600");
      assert.equal(worker.events().filter(({ event }) => event === "config_warning").length, 1);
    });
    await assertRefused({ CACHE_TTL_SECONDS: 0, HEDGE_MS: -1, EDGE_MODE: true }, ["EDGE_MODE", "CACHE_TTL_SECONDS", "HEDGE_MS"], []);
    await assertRefused({ CACHE_TTL_SECONDS: 1.5, MEMORY_MAX_BYTES: 1e21 }, ["CACHE_TTL_SECONDS", "MEMORY_MAX_BYTES"], []);
  });

  test("lists and tables are refused by name", async () => {
    await assertRefused({ ENABLED_PROVIDERS: ["marker-f", "openai"] }, ["ENABLED_PROVIDERS"], ["marker-"]);
    await assertRefused({ ADMIN_TOKEN: { token: "marker-g" } }, ["ADMIN_TOKEN"], ["marker-"]);
  });
});

describe("CACHE_NAMESPACE", () => {
  test("without a colon at its end it is warned of, once, and works", async () => {
    await withIsolate({ CACHE_NAMESPACE: "marker" }, async (worker) => {
      for (let asked = 0; asked < 3; asked += 1) assert.equal((await worker.get(PATH)).status, 200);
      await worker.cron();
      const warnings = worker.events().filter(({ event }) => event === "config_warning");
      assert.equal(warnings.length, 1);
      assert.match(warnings[0].warnings.join(), /^CACHE_NAMESPACE /);
      assert.doesNotMatch(warnings[0].warnings.join(), /marker/);
      assert.equal(await stack.redis.command("EXISTS", `marker${DEFAULT_KEY}`), 1);
    });
  });

  test("with one, or empty, it is not", async () => {
    for (const namespace of ["gw:", "a:b:", "", " "]) {
      await withIsolate({ CACHE_NAMESPACE: namespace }, async (worker) => {
        assert.equal((await worker.get(PATH)).status, 200);
        assert.deepEqual(worker.events().filter(({ event }) => event === "config_warning"), [], namespace);
      });
    }
  });

  test("is bounded, so that every key fits KV", async () => {
    const longest = `${"n".repeat(63)}:`;
    await withIsolate({ CACHE_NAMESPACE: longest }, async (worker) => {
      await worker.cron();
      const { keys } = await stack.kv.list();
      assert.ok(keys.length >= 6, `${keys.length} keys`);
      assert.ok(keys.every(({ name }) => name.startsWith(longest) && Buffer.byteLength(name) <= 256));
    });
    await assertRefused({ CACHE_NAMESPACE: `n${longest}` }, ["CACHE_NAMESPACE"], [longest]);
    await assertRefused({ CACHE_NAMESPACE: "\ufeffgw:" }, ["CACHE_NAMESPACE"], ["gw:"]);
    await assertRefused({ CACHE_NAMESPACE: "gw\u200b:" }, ["CACHE_NAMESPACE"], ["gw"]);
  });
});
