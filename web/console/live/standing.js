// How a source stands: what is published of it, what the answering isolate has in memory, and whether that is the same.
import { duration } from "../../shared/words.js";

const SNAPSHOT = "models:edge:snapshot:";
/** What a lease has instead of a time when it never expires. */
const NEVER = -1;

/** What memory holds of a source, or undefined. */
export function heldOf(name, { isolate }) {
  return isolate.variants.find(({ kind, key }) => kind === "snapshot" && key.endsWith(`${SNAPSHOT}${name}`));
}

/** The source whose snapshot this key names, or undefined. */
export function sourceOfKey(key) {
  const at = key.indexOf(SNAPSHOT);
  return at < 0 ? undefined : key.slice(at + SNAPSHOT.length);
}

/**
 * What is published of a source, and whether memory has the same: a tone and words.
 * @param {string} name
 * @param {{stats: any, now: number}} known
 */
export function sourceVerdict(name, { stats, now }) {
  const { version, same_configuration: isOurs } = stats.sources[name];
  if (!stats.redis_available) return { tone: "mute", word: "not known", why: "Redis does not answer" };
  if (!version) return { tone: "mute", word: "not published" };
  if (isOurs === false) return { tone: "bad", word: "another configuration's", why: "made under another SUPABASE_URL, ENABLED_PROVIDERS or PRICE_FALLBACK; it is not used" };
  return cleared(version, stats.isolate) ?? compared(version, heldOf(name, stats)) ?? late(version, now) ?? { tone: "ok", word: "in sync" };
}

function cleared({ epoch, backend_epoch: backend }, isolate) {
  if (isolate.epoch !== null && epoch !== null && epoch < isolate.epoch) {
    const isHard = isolate.barrier !== null && epoch < isolate.barrier;
    const serves = isHard ? "served only when the origin cannot answer" : "served while it is refreshed";
    return { tone: "warn", word: "cleared", why: `it was read before epoch ${isolate.epoch}; ${serves}` };
  }
  if (backend !== null && isolate.backend_epoch !== null && backend < isolate.backend_epoch) {
    return { tone: "warn", word: "outdated", why: `the backend has synchronized since: its epoch is ${isolate.backend_epoch}` };
  }
  return null;
}

function compared(version, held) {
  if (!held) return { tone: "mute", word: "published", why: "not in this isolate's memory" };
  const notices = "this isolate notices with its next check, within MEMORY_TTL_SECONDS of traffic";
  if (held.hash !== version.hash) return { tone: "bad", word: "not in sync", why: `memory has hash ${held.hash}; ${notices}` };
  if (held.epoch !== version.epoch) {
    return { tone: "bad", word: "not in sync", why: `the same models, but memory has them under epoch ${held.epoch}; ${notices}` };
  }
  return null;
}

function late({ at, ttl }, now) {
  const over = now - at - ttl;
  return over <= 0 ? null : { tone: "warn", word: "past its time", why: `for ${duration(over / 1_000)}; the next request or warm run has it read anew` };
}

/** Who holds a source's lease and until when, in words, or null. */
export function leaseWords(name, { stats, seenAt }) {
  const holder = stats.leases[name];
  const ms = stats.sources[name].lease_ms;
  if (!holder && ms === null) return null;
  if (ms === NEVER) return { holder, until: null, never: true };
  return { holder, until: ms === null ? null : seenAt + ms, never: false };
}

/** For how long the origin is left alone: {failures, until} of all isolates, else of this one, or null. */
export function backoffOf(name, { stats, seenAt }) {
  const { failures, backoff_ms: shared } = stats.sources[name];
  if (shared !== null) return { failures, until: seenAt + shared, whose: "all isolates" };
  const own = stats.isolate.backoff[name];
  if (!own || own.remaining_ms === null) return null;
  return { failures: own.failures, until: seenAt + own.remaining_ms, whose: "this isolate" };
}

/** Whether there is anything to say of a source but that it is not published. */
export function isNotable(name, stats) {
  const { version, lease_ms: lease, failures, backoff_ms: backoff } = stats.sources[name];
  const own = stats.isolate.backoff[name];
  return Boolean(version || stats.leases[name] || failures || own?.failures || heldOf(name, stats)) || lease !== null || backoff !== null;
}
