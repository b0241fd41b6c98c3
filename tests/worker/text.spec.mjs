// Text beyond ASCII on its whole way: from the database through Redis and KV to clients it stays the same bytes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { RedisClient } from "../../dev/stack/redis/client.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { hitOf } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const DEFAULT_KEY = "gw:models:unique:filtered:sortprovider_count:desc";
const KEYS = [DEFAULT_KEY, "gw:models:unique:filtered:sortname:asc"];
const PATH = "/models/unique?limit=1000";
const NAMES = [
  "通义千问-Max 🚀",
  "日本語モデル ㍿",
  "модель Ёлка",
  "نموذج ﷺ \u200f",
  "דגם ‏\u202a",
  "ไทย ก็",
  "किताब क्ष",
  "👩‍👩‍👧‍👦 🏳️‍🌈 🇺🇳 ☠️",
  "é (composed) é (combined)",
  "İstanbul ıiI ß ſ",
  "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𐀀 \u{10ffff}",
  "\ufeff mark, \ufffd \uffff \u2028 \u2029 \u00a0",
  'quotes " \\ / </script> \t\n\r\u0001\u001f\u007f\u0085',
  "ÿþ café ¿Latin-1?",
];

const tables = translated(readVectors("tiny").tables);
let stack, redis, published;
const isolates = isolatesOver(() => stack);

before(async () => {
  stack = await startStack({ tables, kv: true });
  redis = new RedisClient(stack.redis.port);
  published = await (await isolates.start()).get(PATH);
  await eventually(() => stack.kv.get(KEYS.at(-1)), "publication");
});
after(async () => {
  await isolates.stop();
  redis?.close();
  await stack?.stop();
});

// The names in turn, and a description that is longer than what goes in one piece.
function translated({ unique_models, models, ...others }) {
  return {
    ...others,
    unique_models: unique_models.map((row, index) => ({ ...row, model_name: `${NAMES[index % NAMES.length]} ${index}` })),
    models: models.map((row, index) => {
      const name = NAMES[index % NAMES.length];
      return { ...row, model_name: name, description: name.repeat(index * 40) };
    }),
  };
}

function modelsOf({ text }) {
  return text.slice(text.indexOf("["), text.lastIndexOf('],"total"') + 1);
}

test("clients get what the database has", async () => {
  assert.equal(published.status, 200);
  const stored = new Set(tables.models.map(({ model_name, description }) => JSON.stringify([model_name, description])));
  const offers = published.body.models.flatMap(({ providers }) => providers);
  assert.ok(offers.length > 50, `${offers.length} offers`);
  for (const { model_name, description } of offers) assert.ok(stored.has(JSON.stringify([model_name, description])), model_name);
  const names = tables.unique_models.map(({ model_name }) => model_name);
  for (const { name } of published.body.models) assert.ok(names.includes(name), name);
  for (const name of NAMES) assert.ok(published.body.models.some((model) => model.name.startsWith(name)), name);
});

test("Redis and KV hold the very bytes", async () => {
  for (const key of KEYS) {
    const inRedis = await bytesInRedis(key);
    const inKv = Buffer.from(await stack.kv.get(key));
    assert.ok(Buffer.isBuffer(inRedis) && inRedis.length > 100_000, key);
    assert.ok(inRedis.equals(inKv), `${key}: ${inRedis.length} and ${inKv.length} bytes`);
  }
  assert.equal((await bytesInRedis(DEFAULT_KEY)).toString(), modelsOf(published));
});

test("whoever reads them from either tier serves the same bytes", async () => {
  const fromRedis = await (await isolates.start()).get(PATH);
  assert.equal(hitOf(fromRedis).tier, "upstash");
  assert.equal(fromRedis.text, published.text);
  await stack.redis.command("FLUSHALL");
  await stack.supabase.stop();
  try {
    const worker = await isolates.start();
    const fromKv = await worker.get(PATH);
    assert.equal(hitOf(fromKv).tier, "kv");
    assert.equal(fromKv.text, published.text);
    for (const path of [PATH, `${PATH}&offset=3`]) {
      const response = await worker.fetch(path, { headers: { "accept-encoding": "identity" } });
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.equal(Number(response.headers.get("content-length")), bytes.length, path);
      assert.equal(bytes.toString().isWellFormed(), true, path);
    }
  } finally {
    await stack.supabase.start();
  }
  // What was found in KV is put back into Redis, as it was.
  await eventually(() => stack.redis.command("EXISTS", DEFAULT_KEY), "return to Redis");
  assert.equal((await bytesInRedis(DEFAULT_KEY)).toString(), modelsOf(published));
});

test("names sort by code point of their lower case", async () => {
  const { body } = await (await isolates.start()).get(`${PATH}&sort_by=name&order=asc`);
  const lower = body.models.map(({ name }) => [...name.toLowerCase()].map((char) => char.codePointAt(0)));
  for (const [index, name] of lower.entries()) {
    if (index > 0) assert.ok(compare(lower[index - 1], name) <= 0, body.models[index].name);
  }
});

test("pages put together are the whole", async () => {
  const worker = await isolates.start();
  const pages = [];
  for (let offset = 0; offset < published.body.total; offset += 7) {
    pages.push((await worker.get(`/models/unique?limit=7&offset=${offset}`)).body.models);
  }
  assert.deepEqual(pages.flat(), published.body.models);
});

async function bytesInRedis(key) {
  const [{ value }] = await redis.batch([["GET", key]]);
  return value;
}

function compare(one, other) {
  const at = one.findIndex((point, index) => point !== other[index]);
  if (at === -1) return one.length - other.length;
  return one[at] - (other[at] ?? -1);
}
