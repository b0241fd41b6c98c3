// The origin: PostgREST over PGlite behind Supabase's gateway, with the rows of the test vectors.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import net from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { startDatabase } from "../../dev/stack/database/database.mjs";
import { seedTables } from "../../dev/stack/database/seed.mjs";
import { startSupabase } from "../../dev/stack/database/supabase.mjs";
import { TABLE_NAMES } from "../../dev/stack/database/tables.mjs";
import { startFaultProxy } from "../../dev/stack/faults/proxy.mjs";

const SECRET_KEY = "sb_secret_test";
const EMBED =
  "/rest/v1/unique_models_provider?select=id,unique_model_id,provider_id," +
  "unique_models!inner(id,model_name,sample_model_id)," +
  "models!inner(model_name,context_length,health_status,average_response_time_ms,modality,supports_streaming," +
  "supports_function_calling,supports_vision,description,is_active,pricing:metadata->pricing_raw)" +
  "&models.is_active=is.true&order=id";
const COUNTED = { headers: { prefer: "count=exact" } };

const tables = JSON.parse(await readFile(new URL("../vectors/tiny/tables.json", import.meta.url), "utf8"));

let database, supabase;

before(async () => {
  database = await startDatabase({ tables, maxRows: 60 });
  supabase = await startSupabase({ target: database.url, opaqueKeys: { [SECRET_KEY]: database.keys.serviceRole } });
});

after(async () => {
  await supabase?.stop();
  await database?.stop();
});

beforeEach(() => supabase.clearRequests());

async function get(path, { key = database.keys.serviceRole, bearer = key, headers } = {}) {
  const response = await fetch(supabase.url + path, {
    headers: { ...(key && { apikey: key }), ...(bearer && { authorization: `Bearer ${bearer}` }), ...headers },
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

test("a request without an API key is refused as Supabase's gateway does", async () => {
  const { status, body } = await get("/rest/v1/providers", { key: null });
  assert.equal(status, 401);
  assert.deepEqual(body, {
    message: "No API key found in request",
    hint: "No `apikey` request header or url param was found.",
  });
});

test("anon reads providers and active models, and none of the unique tables", async () => {
  const key = database.keys.anon;
  for (const bearer of [key, null]) {
    assert.equal((await get("/rest/v1/providers?limit=1", { key, bearer })).body.length, 1);
    for (const table of ["unique_models", "unique_models_provider", "model_pricing"]) {
      const { status, body } = await get(`/rest/v1/${table}`, { key, bearer });
      assert.ok(status === 401 || status === 403, `${status}`);
      assert.equal(body.code, "42501");
    }
  }
  const inactive = "/rest/v1/models?select=id&is_active=not.is.true";
  assert.deepEqual((await get(inactive, { key })).body, []);
  assert.ok((await get(inactive)).body.length > 0);
});

test("a key with a wrong signature is refused by PostgREST", async () => {
  const forged = `${database.keys.serviceRole.slice(0, -6)}AAAAAA`;
  const { status, body } = await get("/rest/v1/unique_models", { key: forged });
  assert.equal(status, 401);
  assert.equal(body.code, "PGRST301");
});

test("an opaque key stands for the service role when it is sent as apikey alone", async () => {
  assert.equal((await get("/rest/v1/unique_models?limit=1", { key: SECRET_KEY, bearer: null })).status, 200);
  assert.equal((await get("/rest/v1/unique_models?limit=1", { key: SECRET_KEY })).status, 401);
  assert.equal((await get("/rest/v1/unique_models", { key: "sb_secret_other", bearer: null })).status, 401);
});

test("the snapshot request embeds both parents and counts exactly", async () => {
  const { status, headers, body } = await get(`${EMBED}&limit=50&offset=0`, COUNTED);
  assert.equal(status, 206);
  const total = Number(/^0-49\/(\d+)$/.exec(headers.get("content-range"))[1]);
  const active = new Set(tables.models.filter((row) => row.is_active === true).map((row) => row.id));
  const unique = new Set(tables.unique_models.map((row) => row.id));
  const expected = tables.unique_models_provider.filter(
    (row) => active.has(row.model_id) && unique.has(row.unique_model_id),
  );
  assert.equal(total, expected.length);
  assert.deepEqual(body.map((row) => row.id), expected.slice(0, 50).map((row) => row.id));
  const first = tables.models.find((row) => row.id === tables.unique_models_provider[0].model_id);
  assert.deepEqual(body[0].models.pricing, first.metadata.pricing_raw);
});

test("the server caps rows silently", async () => {
  const { status, headers, body } = await get("/rest/v1/models?select=id&order=id&limit=1000", COUNTED);
  assert.equal(status, 206);
  assert.equal(body.length, 60);
  assert.equal(headers.get("content-range"), `0-59/${tables.models.length}`);
});

test("one page of many fails, and is there when it is asked again", async () => {
  const proxy = await startFaultProxy({ target: supabase.url });
  const page = async (offset) => {
    const key = database.keys.serviceRole;
    const headers = { apikey: key, authorization: `Bearer ${key}` };
    const response = await fetch(`${proxy.url}${EMBED}&limit=40&offset=${offset}`, { headers });
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body: await response.json() };
  };
  const body = { code: "PGRST003", message: "Timed out acquiring connection from connection pool." };
  proxy.set({ fault: "status", status: 504, headers: { "retry-after": "1" }, body, match: "/unique_models_provider?", nth: 2 });
  try {
    assert.equal((await page(0)).body.length, 40);
    assert.deepEqual(await page(40), { status: 504, retryAfter: "1", body });
    assert.ok((await page(40)).body.length > 0);
  } finally {
    await proxy.stop();
  }
});

test("rows load exactly as they are, orphans and duplicates included", async () => {
  for (const name of TABLE_NAMES) {
    const [{ count }] = await database.query(`select count(*)::int as count from ${name}`);
    assert.equal(count, tables[name].length, name);
  }
  const rows = await database.query("select id, metadata, is_active from models order by id");
  for (const [index, row] of tables.models.entries()) {
    assert.deepEqual(rows[index], { id: row.id, metadata: row.metadata, is_active: row.is_active });
  }
  const [{ id }] = await database.query("insert into unique_models (model_name) values ('Next') returning id");
  assert.equal(Number(id), Math.max(...tables.unique_models.map((row) => row.id)) + 1);
  await database.query("delete from unique_models where id = $1", [id]);
});

test("SQL of a test never runs inside a transaction of PostgREST, under its role", async () => {
  const user = async () => (await database.query("select current_user as name, current_setting('role') as role"))[0];
  const mixed = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      index % 2 === 0 ? user() : get("/rest/v1/providers?limit=1", { key: database.keys.anon }),
    ),
  );
  for (const [index, result] of mixed.entries()) {
    if (index % 2 === 0) assert.deepEqual(result, { name: "postgres", role: "none" });
    else assert.equal(result.status, 200);
  }
});

test("errors of the database come through, and the connection survives them", async () => {
  await database.query("alter table model_pricing rename to moved");
  assert.deepEqual((await get("/rest/v1/model_pricing")).body.code, "42P01");
  await database.query("alter table moved rename to model_pricing");
  assert.equal((await get("/rest/v1/model_pricing")).status, 200);
  assert.equal((await get("/rest/v1/models?id=eq.x")).body.code, "22P02");
  await assert.rejects(database.query("select 1 / 0"), { code: "22012" });
  assert.equal((await get("/rest/v1/providers?limit=1")).status, 200);
});

test("the request log names each request, and paths outside the API have no route", async () => {
  await get("/rest/v1/providers?select=id&limit=1");
  assert.equal((await get("/auth/v1/user")).status, 404);
  const [first, second] = supabase.requests;
  assert.deepEqual([first.method, first.path, first.status], ["GET", "/rest/v1/providers?select=id&limit=1", 200]);
  assert.equal(second.status, 404);
});

test("the origin goes down and comes back on the same port", async () => {
  const { url } = supabase;
  await supabase.stop();
  assert.equal(await connectionError(supabase.port), "ECONNREFUSED");
  await supabase.start();
  assert.equal(supabase.url, url);
  assert.equal((await get("/rest/v1/providers?limit=1")).status, 200);
});

test("a gateway without its PostgREST answers 502", async () => {
  const lonely = await startSupabase({ target: "http://127.0.0.1:9" });
  const response = await fetch(`${lonely.url}/rest/v1/providers`, { headers: { apikey: "any" } });
  await lonely.stop();
  assert.equal(response.status, 502);
});

test("thousands of models load in seconds, and the seed is the same every time", async () => {
  const startedAt = Date.now();
  await database.load(manyModels(3000));
  assert.ok(Date.now() - startedAt < 5000, `${Date.now() - startedAt} ms`);
  assert.equal((await get(`${EMBED}&limit=1&offset=2999`)).body.length, 1);
  const seed = seedTables();
  assert.deepEqual(seed, seedTables());
  await database.load(seed);
  const [{ models, inactive, widest }] = await database.query(`
    select (select count(*)::int from models) as models,
      (select count(*)::int from models where not is_active)
        + (select count(*)::int from providers where not is_active) as inactive,
      (select max(model_count) from unique_models) as widest`);
  assert.ok(models > 600 && widest >= 10);
  assert.equal(inactive, 3);
});

function manyModels(count) {
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  return {
    providers: [{ id: 1, slug: "one", name: "One", is_active: true }],
    models: ids.map((id) => ({
      id,
      provider_id: 1,
      model_name: `Model ${id}`,
      provider_model_id: `one/${id}`,
      is_active: true,
      metadata: { pricing_raw: { prompt: "1E-7" }, padding: "x".repeat(500) },
    })),
    unique_models: ids.map((id) => ({ id, model_name: `Model ${id}`, sample_model_id: `one/${id}` })),
    unique_models_provider: ids.map((id) => ({ id, unique_model_id: id, provider_id: 1, model_id: id })),
    model_pricing: [],
  };
}

function connectionError(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => resolve(null));
    socket.on("error", (error) => resolve(error.code));
  });
}
