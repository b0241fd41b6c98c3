// The same catalog as a JavaScript Worker is usually written: a router, the official client, parsed objects in memory; a
// request filters, sorts and pages them, and serializes what is left.
import { Redis } from "@upstash/redis/cloudflare";
import { Hono } from "hono";

const TTL_MS = 1_800_000;
const LIMIT_MAX = 1000;
const SORTS = {
  provider_count: (model) => model.provider_count,
  name: (model) => model.name.toLowerCase(),
  cheapest_price: (model) => (model.cheapest_prompt_price === null ? Infinity : Number(model.cheapest_prompt_price)),
};

let held;

async function catalog(env) {
  if (held && Date.now() - held.at < TTL_MS) return held.models;
  const redis = new Redis({ url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN, enableTelemetry: false });
  const found = await redis.get(env.CATALOG_KEY).catch(() => null);
  const models = found ?? (await env.CATALOG_KV.get(env.CATALOG_KEY, "json"));
  if (models) held = { models, at: Date.now() };
  return models;
}

const integer = (text, fallback, least, most) => {
  if (text === undefined) return fallback;
  const value = Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : NaN;
};

const number = (text) => (text === undefined ? null : Number(text));

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const app = new Hono();

app.get("/models/unique", async (c) => {
  const { sort_by = "provider_count", order = "desc", include_inactive = "false", ...query } = c.req.query();
  const limit = integer(query.limit, 100, 1, LIMIT_MAX);
  const offset = integer(query.offset, 0, 0, Number.MAX_SAFE_INTEGER);
  const minimum = integer(query.min_providers, null, 1, Number.MAX_SAFE_INTEGER);
  const provider = query.provider?.toLowerCase();
  const price = number(query.max_price);
  const key = SORTS[sort_by];
  if (!key || Number.isNaN(limit) || Number.isNaN(offset) || Number.isNaN(minimum) || Number.isNaN(price)) {
    return c.json({ detail: "a parameter is wrong" }, 422);
  }
  const models = await catalog(c.env);
  if (!models) return c.json({ detail: "The model catalog is temporarily unavailable" }, 503);
  const direction = order === "asc" ? 1 : -1;
  const chosen = models
    .filter((model) => minimum === null || model.provider_count >= minimum)
    .filter(({ providers }) => (!provider && price === null) || providers.some((offer) => passes(offer, provider, price)))
    .map((model) => ({ model, key: key(model) }))
    .sort((a, b) => direction * compare(a.key, b.key));
  c.header("cache-control", "public, max-age=60, stale-while-revalidate=1740");
  c.header("x-cache", "HIT");
  c.header("age", String(Math.floor((Date.now() - held.at) / 1000)));
  return c.json({
    models: chosen.slice(offset, offset + limit).map(({ model }) => model),
    total: chosen.length,
    limit,
    offset,
    filters: {
      min_providers: minimum,
      include_inactive: include_inactive === "true",
      ...(provider && { provider: [provider] }),
      ...(price !== null && { max_price: price }),
    },
    sort: { by: sort_by, order },
  });
});

const passes = ({ slug, pricing }, provider, price) =>
  (!provider || slug.toLowerCase() === provider) && (price === null || Number(pricing.prompt) <= price);

app.get("/models/unique/:name", async (c) => {
  const models = await catalog(c.env);
  if (!models) return c.json({ detail: "The model catalog is temporarily unavailable" }, 503);
  const named = c.req.param("name");
  const found = models.filter(({ name }) => name === named);
  if (found.length === 0) return c.json({ detail: "There is no model of this name or id" }, 404);
  const relation = ({ name, providers, provider_count }) => ({ model: name, providers: providers.map(({ slug }) => slug), provider_count });
  return c.json({ models: found, relations: found.map(relation), note: null });
});

export default app;
