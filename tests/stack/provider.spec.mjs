// The queries of provider catalogs, as the adapter's source has them, before the real PostgREST over the vectors' tables.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startDatabase } from "../../dev/stack/database/database.mjs";
import { startSupabase } from "../../dev/stack/database/supabase.mjs";
import { readVectors } from "../worker/vectors.mjs";

const ADAPTER = new URL("../../src/supabase/provider.rs", import.meta.url);
const ODD = 'odd "slug" \\,(x)&=+%2F é';

const { tables, listings } = readVectors("providers");
const source = await readFile(ADAPTER, "utf8");

let database, supabase;

before(async () => {
  database = await startDatabase({ tables: withOdd(tables), maxRows: 500 });
  supabase = await startSupabase({ target: database.url });
});

after(async () => {
  await supabase?.stop();
  await database?.stop();
});

/** A constant of the adapter. A backslash at the end of a line continues the text, without the white space that follows. */
function query(name) {
  const [, text] = new RegExp(`const ${name}: &str =\\s*"([^"]+)"`).exec(source);
  return text.replaceAll(/\\\n\s*/g, "");
}

/** A provider and a model of names that a query has to encode. */
function withOdd(tables) {
  const [provider] = tables.providers;
  const [model] = tables.models;
  return {
    ...tables,
    providers: [...tables.providers, { ...provider, id: 99, name: ODD, slug: ODD }],
    models: [
      ...tables.models,
      { ...model, id: 9001, provider_id: 99, model_name: ODD, provider_model_id: ODD },
      { ...model, id: 9002, provider_id: 99, model_name: "Nameless", provider_model_id: "" },
    ],
  };
}

async function rows(path) {
  const key = database.keys.serviceRole;
  const found = [];
  for (;;) {
    const response = await fetch(`${supabase.url}/rest/v1/${path}&limit=500&offset=${found.length}`, {
      headers: { apikey: key, authorization: `Bearer ${key}`, prefer: "count=exact" },
    });
    const body = await response.json();
    assert.ok(response.ok, JSON.stringify(body));
    found.push(...body);
    const total = Number(response.headers.get("content-range").split("/")[1]);
    if (found.length >= total) return found;
  }
}

// As the adapter encodes it: all but what is plain in a query.
function encoded(text) {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

const ofProvider = (slug) =>
  rows(`models?select=${query("COLUMNS")}&order=${query("ORDER")}&providers.slug=eq.${encoded(slug)}`);

test("a provider's rows come whole, in the order of its catalog", async () => {
  for (const [key, expected] of listings) {
    if (!key.startsWith("gw:models:provider:")) continue;
    const slug = key.replace("gw:models:provider:", "");
    const found = await ofProvider(slug);
    assert.equal(found.length, expected.length, slug);
    assert.equal(new Set(found.map((row) => row.id)).size, found.length, slug);
    const ids = found.map((row) => row.provider_model_id || row.model_name);
    assert.deepEqual(ids, expected.map((entry) => entry.id), slug);
    for (const row of found) {
      assert.deepEqual(Object.keys(row.providers).sort(), ["logo_url", "site_url"]);
      // One row at most is embedded, since `model_pricing.model_id` is unique.
      assert.ok(!Array.isArray(row.model_pricing), slug);
    }
  }
  assert.equal((await ofProvider("featherless")).length, 1172);
  assert.deepEqual((await ofProvider("lonely")), []);
});

test("the rows of all providers are those of each, one provider after the other", async () => {
  const active = tables.providers.filter((row) => row.is_active === true);
  const ids = active.map((row) => row.id);
  const select = `models?select=provider_id,${query("COLUMNS")}&order=provider_id.asc,${query("ORDER")}`;
  const found = await rows(`${select}&provider_id=in.(${ids.join(",")})`);
  const each = [];
  for (const { slug } of active.toSorted((a, b) => a.id - b.id)) each.push(...(await ofProvider(slug)));
  assert.deepEqual(found.map((row) => row.id), each.map((row) => row.id));
  const { provider_id: id, ...rest } = found.at(-1);
  assert.ok(ids.includes(id));
  assert.deepEqual(rest, each.at(-1));
});

test("a slug may hold what a filter is made of", async () => {
  assert.deepEqual((await ofProvider(ODD)).map((row) => row.id).sort(), [9001, 9002]);
});

test("prices are looked up by ids of any text, of active rows of active providers", async () => {
  const template = /"\{PRICES\}(&or=[^"]+)"/.exec(source)[1].replaceAll(/\\\n\s*/g, "");
  const lookup = async (ids) => {
    const quoted = ids.map((id) => `"${id.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);
    return rows(query("PRICES") + template.replace("{list}", quoted.map(encoded).join(",")));
  };
  const found = await lookup([ODD, "shared/one", "shared/two", "table-price", "nobody's"]);
  const active = new Set(tables.providers.filter((row) => row.is_active === true).map((row) => row.id));
  const expected = tables.models.filter(
    (row) =>
      row.is_active === true &&
      active.has(row.provider_id) &&
      (["shared/one", "shared/two", "table-price"].includes(row.provider_model_id) || !row.provider_model_id),
  );
  assert.deepEqual(found.map((row) => row.id), [...expected.map((row) => row.id), 9001, 9002]);
  const priced = found.find((row) => row.provider_model_id === "table-price");
  assert.deepEqual(priced.model_pricing, { price_per_input_token: 1.5e-7, price_per_output_token: 6e-7 });
  const own = found.find((row) => row.id === 9001);
  assert.equal(own.pricing_raw.prompt, tables.models[0].metadata.pricing_raw.prompt);
  assert.deepEqual(Object.keys(own), ["id", "provider_model_id", "model_name", "pricing_raw", "pricing", "model_pricing"]);
  const whole = await rows(query("PRICES"));
  assert.ok(whole.length > 1200 && whole.every((row, index) => index === 0 || whole[index - 1].id < row.id));
});

test("the registry's rows are the active providers", async () => {
  const found = await rows(query("REGISTRY"));
  const active = tables.providers.filter((row) => row.is_active === true);
  assert.deepEqual(found.map((row) => row.id), [...active.map((row) => row.id), 99]);
  assert.deepEqual(Object.keys(found[0]), ["id", "slug", "name", "site_url", "logo_url", "metadata"]);
});
