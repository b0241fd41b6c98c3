// What the contestants talk to: Redis behind Upstash's façade, KV, an origin for each catalog; and catalogs put into them.
import { randomBytes } from "node:crypto";
import { startKv } from "../stack/kv/server.mjs";
import { startRedis } from "../stack/redis/server.mjs";
import { startUpstash } from "../stack/upstash/server.mjs";
import { eventually } from "../../tests/worker/harness.mjs";
import { startOrigin } from "../../tests/worker/origin.mjs";
import { parseSnapshot } from "../../tests/worker/snapshots.mjs";
import { catalogOf } from "./catalog.mjs";

/**
 * Returns {redis, upstash, kv, kvUrl, vars, secrets, origin(models), stop()}: what startWorkerd() of the specs takes for a
 * stack. `origin(models)` is the one of a catalog, started when it is first asked for.
 */
export async function startServers() {
  const started = [];
  const start = async (starting) => {
    const server = await starting;
    started.push(server);
    return server;
  };
  const stop = async () => {
    while (started.length > 0) await started.pop().stop();
  };
  try {
    const redis = await start(startRedis());
    const token = randomBytes(24).toString("base64url");
    const upstash = await start(startUpstash({ redisPort: redis.port, token }));
    const kv = await start(startKv());
    const origins = new Map();
    return {
      redis,
      upstash,
      kv,
      kvUrl: kv.url,
      vars: { UPSTASH_REDIS_REST_URL: upstash.url },
      secrets: { UPSTASH_REDIS_REST_TOKEN: token, SUPABASE_SERVICE_ROLE_KEY: `sb_secret_${randomBytes(8).toString("hex")}` },
      origin: async (models) => {
        if (!origins.has(models)) origins.set(models, await start(startOrigin(catalogOf(models))));
        return origins.get(models);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The namespace that a catalog of this size is kept in. */
export const namespaceOf = (models) => `bench${models}:`;

/** The key under which the others find the catalog: the JSON array of the snapshot. */
export const othersKeyOf = (models) => `others${models}`;

/** Has a warm run publish a catalog, and puts its text where the others look. `warm` is an isolate over it, in this namespace. */
export async function fill(servers, models, warm, namespace = namespaceOf(models)) {
  const { outcome } = await warm.cron();
  if (outcome !== "ok") throw new Error(`the warm run of ${models} models: ${outcome}\n${warm.lines.slice(-5).join("\n")}`);
  const key = `${namespace}models:edge:snapshot:active`;
  const value = await eventually(() => servers.redis.command("GET", key), `the snapshot of ${models} models`);
  const { text } = parseSnapshot(value);
  await servers.redis.command("SET", othersKeyOf(models), text);
  await servers.kv.put(othersKeyOf(models), text);
  return Buffer.byteLength(text);
}
