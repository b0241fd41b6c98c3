// Filters, counts, sparse records, one model and one provider, as the built Worker answers them: the same as anyone would write them over the
// whole listing, parsed, at a catalog of some 3,700 offers. Nothing of it asks a server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { grown } from "./catalogs.mjs";
import { costOf, quiet } from "./cost.mjs";
import { hitOf, NAMESPACE } from "./support.mjs";
import { readVectors } from "./vectors.mjs";
import { startWorkerd } from "./workerd.mjs";

const UNIQUE = "/v1/models/unique";

let stack, worker, models;

before(async () => {
  stack = await startStack({ tables: grown(readVectors("mid").tables, 3), kv: true });
  // No check whether it is current falls into what is counted.
  worker = await startWorkerd(stack, { CACHE_NAMESPACE: NAMESPACE, MEMORY_TTL_SECONDS: "600" });
  const whole = await worker.get(`${UNIQUE}?limit=1000`);
  assert.equal(whole.status, 200, whole.text);
  models = whole.body.models;
  // What is written behind the first answer is no cost of the next.
  await quiet(stack);
  assert.equal(models.length, whole.body.total);
  const offers = models.reduce((sum, { providers }) => sum + providers.length, 0);
  assert.ok(models.length > 700 && offers > 3_053, `${models.length} models, ${offers} offers`);
});
after(async () => {
  await worker?.stop();
  await stack?.stop();
});

const lower = (value) => value?.toLowerCase();
const CAPABILITIES = { streaming: "supports_streaming", function_calling: "supports_function_calling", vision: "supports_vision" };

/** Those of the models that pass, the plain way. */
function filtered({ q = "", provider = [], capability = [], modality = [], health = [], min_context, max_price }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const among = (wanted, value) => wanted.length === 0 || wanted.map(lower).includes(lower(value));
  const price = ({ pricing }) => (pricing.prompt.trim() === "" ? NaN : Number(pricing.prompt));
  const passes = (offer) =>
    among(provider, offer.slug) &&
    among(modality, offer.modality) &&
    among(health, offer.health_status) &&
    capability.every((name) => offer[CAPABILITIES[name]] === true) &&
    (min_context === undefined || offer.context_length >= min_context) &&
    (max_price === undefined || price(offer) <= max_price);
  const asks = [provider, capability, modality, health].some((all) => all.length > 0) || min_context !== undefined || max_price !== undefined;
  return models.filter(({ name, providers }) => words.every((word) => name.toLowerCase().includes(word)) && (!asks || providers.some(passes)));
}

function counted(some) {
  const counts = { provider: {}, modality: {}, capability: { streaming: 0, function_calling: 0, vision: 0 } };
  const add = (of, values) => new Set(values.filter((value) => typeof value === "string")).forEach((value) => (of[value] = (of[value] ?? 0) + 1));
  for (const { providers } of some) {
    add(counts.provider, providers.map(({ slug }) => slug));
    add(counts.modality, providers.map(({ modality }) => modality));
    add(counts.capability, Object.keys(CAPABILITIES).filter((name) => providers.some((offer) => offer[CAPABILITIES[name]] === true)));
  }
  return counts;
}

describe("filters", () => {
  const slugs = () => Object.entries(counted(models).provider).sort(([, a], [, b]) => b - a).map(([slug]) => slug);
  for (const [what, wanted] of [
    ["a provider", () => ({ provider: [slugs()[0].toUpperCase()] })],
    ["providers that nothing else has", () => ({ provider: [slugs()[1], slugs()[2], "nobody"] })],
    ["capabilities", () => ({ capability: ["streaming", "function_calling"] })],
    ["everything of an offer", () => ({ provider: slugs().slice(0, 6), capability: ["streaming"], modality: ["TEXT->text", "text+image->text"], min_context: 32_000, max_price: 0.000002 })],
    ["health", () => ({ health: ["healthy"], max_price: 0 })],
    ["words", () => ({ q: " GPT 1" })],
    ["nothing there is", () => ({ provider: ["nobody"], q: "gpt" })],
  ]) {
    test(`${what}, as the plain way has it, counts and all`, async () => {
      const asked = wanted();
      const query = new URLSearchParams({ limit: "1000", facets: "true" });
      for (const [name, value] of Object.entries(asked)) for (const one of [value].flat()) query.append(name, one);
      const expected = filtered(asked);
      const { result: answer, redis, origin } = await costOf(stack, () => worker.get(`${UNIQUE}?${query}`));
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.body.models, expected);
      assert.equal(answer.body.total, expected.length);
      assert.deepEqual(answer.body.facets, counted(expected));
      assert.deepEqual([redis.requests, origin.requests], [0, 0], "it is cut out of what is there");
      assert.equal(hitOf(answer)?.tier, "memory");
    });
  }

  test("pages, links and validators are those of the filtered listing", async () => {
    const path = `${UNIQUE}?capability=streaming&sort_by=name&order=asc&limit=5`;
    const expected = filtered({ capability: ["streaming"] });
    const first = await worker.get(path);
    assert.equal(first.headers["x-total-count"], String(expected.length));
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.link)[1];
    const second = await worker.get(next);
    assert.equal(second.body.offset, 5);
    assert.ok(second.body.models.every((model) => expected.some(({ name }) => name === model.name)));
    const again = await worker.get(path, { headers: { "if-none-match": first.headers.etag } });
    assert.deepEqual([again.status, again.text], [304, ""]);
  });
});

test("a model is reached by its name, slashes and all, and by nothing twice decoded", async () => {
  const named = models.find(({ name }) => name.includes("/")) ?? models[3];
  const encoded = encodeURIComponent(named.name);
  const answer = await worker.get(`${UNIQUE}/${encoded}`);
  assert.deepEqual([answer.status, answer.body.models], [200, [named]]);
  assert.deepEqual(answer.body.relations, [{ model: named.name, providers: named.providers.map(({ slug }) => slug), provider_count: named.provider_count }]);
  const twice = await worker.get(`${UNIQUE}/${encodeURIComponent(`${encoded}%2F`)}`);
  assert.equal(twice.status, 404);
  assert.equal(twice.headers["content-type"], "application/problem+json");
  const near = await worker.get(`${UNIQUE}/${encodeURIComponent(`${named.name}x`)}`);
  assert.ok(near.body.nearest.includes(named.name), near.text);
  const head = await worker.fetch(`${UNIQUE}/${encoded}`, { method: "HEAD" });
  assert.equal(head.headers.get("content-length"), String(Buffer.byteLength(answer.text)));
});

test("providers, and what one of them offers", async () => {
  const { body } = await worker.get("/v1/providers");
  const { provider: counts } = counted(models);
  assert.deepEqual(Object.fromEntries(body.providers.map(({ slug, model_count }) => [slug, model_count])), counts);
  const { slug, model_count } = body.providers[0];
  const offered = await worker.get(`/providers/${slug}/models?limit=1000`);
  assert.deepEqual(offered.body.models, filtered({ provider: [slug] }));
  assert.deepEqual([offered.body.relation.provider, offered.body.relation.count], [slug, model_count]);
  assert.equal((await worker.get("/providers/nobody-at-all/models")).status, 404);
});

test("what moves and what holds still are the record between them", async () => {
  const stable = await worker.get(`${UNIQUE}?view=stable&limit=50`);
  const health = await worker.get(`${UNIQUE}/health?limit=50`);
  const joined = stable.body.models.map((model, at) => {
    const moving = health.body.models[at];
    return { ...model, ...moving, providers: model.providers.map((offer, number) => ({ ...offer, ...moving.providers[number] })) };
  });
  assert.deepEqual(joined, models.slice(0, 50));
  assert.ok(stable.body.models.every((model) => !("fastest_provider" in model) && model.providers.every((offer) => !("health_status" in offer))));
});
