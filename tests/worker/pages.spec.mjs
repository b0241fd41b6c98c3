// One page of the origin in many that fails in passing, or is read while the tables change, costs a request or a second
// reading, and not the load.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { eventsOf, mappingPages, snapshotLoads } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const PATH = "/models/unique?limit=1000";
const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const MAPPINGS = "/unique_models_provider?";
const { tables, listings } = readVectors("mid");
const models = listings.get(DEFAULT_KEY);

let stack, worker, whole;
const isolates = isolatesOver(() => stack);

before(async () => {
  stack = await startStack({ tables, maxRows: 100, kv: true, faults: true });
  await cold();
  await answered();
  whole = stack.proxies.supabase.requests.length;
});
after(async () => {
  await isolates.stop();
  await stack?.stop();
});
beforeEach(cold);

// A namespace of its own: what the one before still had under way must not reach it.
async function cold() {
  await isolates.stop();
  stack.proxies.supabase.clear();
  stack.proxies.supabase.clearRequests();
  stack.supabase.clearRequests();
  isolates.renew();
  worker = await isolates.start();
}

/** Asks once, and is answered from one load of the origin. */
async function answered() {
  const begun = performance.now();
  const answer = await worker.get(PATH);
  const took = performance.now() - begun;
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers["x-cache"], "MISS");
  assert.deepEqual(answer.body.models, models);
  assert.equal(eventsOf(worker, "origin_fetch").length, 1);
  assert.equal(eventsOf(worker, "origin_error").length, 0);
  return took;
}

function pagesAsked() {
  return stack.proxies.supabase.requests.filter(({ path }) => path.includes(MAPPINGS)).length;
}

const PASSING = {
  "a reset": { fault: "reset" },
  "a reset in the middle of the body": { fault: "reset-body" },
  "502": { fault: "status", status: 502, body: { message: "An invalid response was received from the upstream server" } },
  "503 with Retry-After: 1": { fault: "status", status: 503, headers: { "retry-after": "1" } },
  "503 without": { fault: "status", status: 503, body: '{"code":"PGRST002"}' },
  "504": { fault: "status", status: 504, body: '{"code":"PGRST003"}' },
  "520": { fault: "status", status: 520, body: "error code: 520" },
  "522": { fault: "status", status: 522, body: "<html>\n" },
  "429 with Retry-After: 1": { fault: "status", status: 429, headers: { "retry-after": "1" } },
  "a body that is cut": { fault: "truncate" },
  "a page of HTML with 200": { fault: "garbage", body: "<html>\n<body>\nBad gateway" },
};

describe("one page that fails in passing", () => {
  for (const [what, rule] of Object.entries(PASSING)) {
    test(`${what}: one request more, whichever page it is`, async () => {
      const pages = whole - 1;
      for (const nth of [1, Math.ceil(pages / 2), pages]) {
        await cold();
        stack.proxies.supabase.set({ ...rule, match: MAPPINGS, nth, times: 1 });
        const took = await answered();
        assert.equal(pagesAsked(), pages + 1, `page ${nth}`);
        const wish = Number(rule.headers?.["retry-after"] ?? 0) * 1000;
        assert.ok(took >= wish && took < wish + 3_000, `page ${nth}: ${took} ms`);
      }
    });
  }
});

describe("more than that", () => {
  test("three failures of one load cost three requests", async () => {
    for (const nth of [2, 5, 9]) stack.proxies.supabase.set({ fault: "reset", match: MAPPINGS, nth, times: 1 });
    await answered();
    assert.equal(pagesAsked(), whole - 1 + 3);
  });

  test("the query for the providers is asked again as well", async () => {
    stack.proxies.supabase.set({ fault: "status", status: 520, match: "/providers?", times: 1 });
    await answered();
    assert.equal(stack.proxies.supabase.requests.length, whole + 1);
  });

  test("a page that takes the database too long comes in halves", async () => {
    const body = { code: "57014", message: "canceling statement due to statement timeout" };
    stack.proxies.supabase.set({ fault: "status", status: 500, body, match: MAPPINGS, nth: 3, times: 1 });
    await answered();
    assert.equal(pagesAsked(), whole - 1 + 2);
  });

  test("a load that fails for good is one failure, and is not asked for again at once", async () => {
    stack.proxies.supabase.set({ fault: "status", status: 520, match: MAPPINGS });
    const answer = await worker.get(PATH);
    assert.equal(answer.status, 503);
    assert.equal(pagesAsked(), 4, "the first page, and three times more");
    assert.equal((await worker.get(PATH)).status, 503);
    assert.equal(pagesAsked(), 4, "everyone waits");
    assert.ok(Number(answer.headers["retry-after"]) <= 2, answer.headers["retry-after"]);
  });

  test("who says to come back in a minute is not waited for", async () => {
    stack.proxies.supabase.set({ fault: "status", status: 503, headers: { "retry-after": "60" }, match: MAPPINGS, nth: 2, times: 1 });
    const begun = performance.now();
    assert.equal((await worker.get(PATH)).status, 503);
    assert.ok(performance.now() - begun < 2_000);
  });
});

describe("tables that change between the first page and the last", () => {
  const CHANGES = {
    "a row at the end": () => insert(1_000_000),
    "a row at the beginning, which moves every page": () => insert(0),
    "a row that goes": () => stack.database.query("delete from unique_models_provider where id in (select min(id) from unique_models_provider)"),
  };
  afterEach(() => stack.database.load(tables));

  for (const [what, change] of Object.entries(CHANGES)) {
    test(`${what}: a second reading at once`, async () => {
      const first = "offset=0";
      stack.proxies.supabase.set({ fault: "latency", ms: 400, match: MAPPINGS });
      stack.proxies.supabase.set({ fault: "none", match: first });
      const answering = worker.get(PATH);
      await eventually(() => mappingPages(stack).some(({ path, status }) => path.includes(first) && status === 206), "the first page");
      await change();
      stack.proxies.supabase.clear();
      const answer = await answering;
      assert.equal(answer.status, 200, answer.text);
      assert.equal(snapshotLoads(stack), 2);
      assert.equal(eventsOf(worker, "origin_fetch").length, 1);
      assert.equal(eventsOf(worker, "origin_error").length + eventsOf(worker, "quarantined").length, 0);
      const names = answer.body.models.map(({ name }) => name);
      assert.equal(names.includes("Inserted"), what.startsWith("a row at"));
      const offers = answer.body.models.reduce((sum, { providers }) => sum + providers.length, 0);
      const [{ count }] = await stack.database.query(`
        select count(*) from unique_models_provider mapping
        join models on models.id = mapping.model_id and models.is_active
        join providers on providers.id = mapping.provider_id and providers.is_active
        join unique_models on unique_models.id = mapping.unique_model_id`);
      assert.equal(offers, Number(count));
    });
  }

  async function insert(id) {
    const [{ model }] = await stack.database.query("insert into unique_models (model_name) values ('Inserted') returning id as model");
    const mapping = `
      insert into unique_models_provider (id, unique_model_id, provider_id, model_id)
      select $1, $2, provider_id, models.id from models
      join providers on providers.id = provider_id and providers.is_active where models.is_active limit 1`;
    await stack.database.query(mapping, [id, model]);
  }
});
