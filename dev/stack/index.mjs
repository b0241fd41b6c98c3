// The whole local stack: everything the Worker talks to, as real servers on the loopback interface.
import { randomBytes } from "node:crypto";
import { startDatabase } from "./database/database.mjs";
import { startFaultProxy } from "./faults/proxy.mjs";
import { startKv } from "./kv/server.mjs";
import { startReplica } from "./redis/replica.mjs";
import { startRedis } from "./redis/server.mjs";
import { seedTables } from "./database/seed.mjs";
import { startSupabase } from "./database/supabase.mjs";
import { startUpstash } from "./upstash/server.mjs";

/**
 * Starts the stack with `tables`, or with the real catalog when `seed` is true.
 *
 * `ports` may fix any of {postgrest, supabase, redis, upstash, supabaseProxy, upstashProxy}; `log(line)` hears of each
 * request. With `withReplica` the façade reads from a second Redis that can lag. With `kv` there is a KV namespace for
 * plain workerd, at `kvUrl`; wrangler brings its own. With `faults`, the vars and `kvUrl` point at fault proxies in
 * front of the servers.
 * Returns {database, supabase, redis, replica?, upstash, kv?, proxies?, vars, kvUrl?, secrets, otherSecrets, stop()}.
 */
export async function startStack(options = {}) {
  const { tables, seed = false, ports = {}, log, maxRows, withReplica = false, kv = false, faults = false } = options;
  const started = [];
  const stop = async () => {
    while (started.length > 0) await started.pop().stop();
  };
  const start = async (starting) => {
    const server = await starting;
    started.push(server);
    return server;
  };
  try {
    // Two slow starters side by side; settled, not raced, so that one's failure does not orphan the other.
    const [redis, database] = await allStarted([
      start(startRedis({ port: ports.redis })),
      start(startDatabase({ port: ports.postgrest, tables: seed ? seedTables() : tables, maxRows })),
    ]);
    const opaqueKey = `sb_secret_${randomBytes(16).toString("hex")}`;
    const token = randomBytes(24).toString("base64url");
    const readOnlyToken = randomBytes(24).toString("base64url");
    const supabase = await start(
      startSupabase({
        target: database.url,
        port: ports.supabase,
        opaqueKeys: { [opaqueKey]: database.keys.serviceRole },
        log,
      }),
    );
    const replica = withReplica ? await start(startReplica({ primaryPort: redis.port })) : undefined;
    const upstash = await start(
      startUpstash({ redisPort: redis.port, replica, token, readOnlyToken, port: ports.upstash, log }),
    );
    const namespace = kv && (await start(startKv({ log })));
    const proxies = faults && {
      supabase: await start(startFaultProxy({ target: supabase.url, port: ports.supabaseProxy })),
      upstash: await start(startFaultProxy({ target: upstash.url, port: ports.upstashProxy })),
      ...(namespace && { kv: await start(startFaultProxy({ target: namespace.url })) }),
    };
    return {
      database,
      supabase,
      redis,
      ...(replica && { replica }),
      upstash,
      ...(namespace && { kv: namespace, kvUrl: (proxies ? proxies.kv : namespace).url }),
      ...(proxies && { proxies }),
      vars: {
        SUPABASE_URL: (proxies ? proxies.supabase : supabase).url,
        UPSTASH_REDIS_REST_URL: (proxies ? proxies.upstash : upstash).url,
      },
      secrets: { SUPABASE_SERVICE_ROLE_KEY: database.keys.serviceRole, UPSTASH_REDIS_REST_TOKEN: token },
      otherSecrets: {
        SUPABASE_SECRET_KEY: opaqueKey,
        SUPABASE_ANON_KEY: database.keys.anon,
        UPSTASH_READ_ONLY_TOKEN: readOnlyToken,
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function allStarted(starting) {
  const outcomes = await Promise.allSettled(starting);
  const failed = outcomes.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return outcomes.map(({ value }) => value);
}
