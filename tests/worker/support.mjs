// What several specs look at: loads of the origin, keys in Redis, members of Cache-Status.
import { startWorker } from "./harness.mjs";

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
