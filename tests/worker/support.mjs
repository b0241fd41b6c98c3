// What several specs look at and lay out: loads of the origin, values of Redis and KV, members of Cache-Status.
import { eventually, startWorker } from "./harness.mjs";
import { parseSnapshot } from "./snapshots.mjs";

export const NAMESPACE = "gw:";

/** An isolate for as long as `use(worker)` takes; `start` may be startWorkerd() of workerd.mjs. */
export async function withWorker(stack, vars, use, start = startWorker) {
  const worker = await start(stack, { CACHE_NAMESPACE: NAMESPACE, ...vars });
  try {
    return await use(worker);
  } finally {
    await worker.stop();
  }
}

/** How often a snapshot was begun: first pages that the origin was asked for. */
export function snapshotLoads(stack) {
  return mappingPages(stack).filter(({ path }) => /[?&]offset=0(&|$)/.test(path)).length;
}

export function mappingPages(stack) {
  return stack.supabase.requests.filter(({ path }) => path.startsWith("/rest/v1/unique_models_provider?"));
}

/** Keys of listings and snapshots in Redis, with their values, by name. */
export async function cachedValues(stack) {
  const keys = await stack.redis.command("KEYS", "*");
  const held = keys.filter((key) => /models:(unique:filtered|edge:snapshot):/.test(key)).sort();
  const values = await Promise.all(held.map((key) => stack.redis.command("GET", key)));
  return new Map(held.map((key, index) => [key, values[index]]));
}

/** What this stack's Worker publishes of the active scope, parsed: its header names the settings of the specs' isolates. */
export async function publishedSnapshot(stack, vars = {}, start = startWorker) {
  const key = `${NAMESPACE}models:edge:snapshot:active`;
  const value = await withWorker(
    stack,
    vars,
    async (worker) => {
      await worker.get("/models/unique?limit=1");
      return eventually(() => stack.redis.command("GET", key), "publication");
    },
    start,
  );
  return parseSnapshot(value);
}

/** Control as Redis has it: what was invalidated. */
export async function controlOf(stack, namespace = NAMESPACE) {
  const text = await stack.redis.command("GET", `${namespace}models:edge:control`);
  return text === null ? { epoch: 0, barrier: 0, barrier_at: 0 } : JSON.parse(text);
}

/** `Cache-Status` (RFC 9211) as one object a member, in its order: `{tier, hit: true, ttl: "1423", key: "…"}`. */
export function cacheStatus({ headers }) {
  const members = headers["cache-status"]?.split(", ") ?? [];
  return members.map((member) => {
    const [tier, ...parameters] = member.split("; ");
    const pairs = parameters.map((parameter) => {
      const [name, value] = parameter.split("=");
      return [name, value === undefined ? true : value.replaceAll('"', "")];
    });
    return { tier, ...Object.fromEntries(pairs) };
  });
}

/** The member that had what was served, or undefined. */
export function hitOf(answer) {
  return cacheStatus(answer).find(({ hit }) => hit);
}

/** Events of one name in the Worker's log. */
export function eventsOf(worker, name) {
  return worker.events().filter(({ event }) => event === name);
}

/** The statistics route, with the token that the Worker was started with. */
export async function statistics(worker, token) {
  const answer = await worker.get("/api/system/cache/stats", { headers: { authorization: `Bearer ${token}` } });
  return answer.body;
}
