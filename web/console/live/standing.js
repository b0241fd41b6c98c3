// How a source stands: what is published of it, what the answering isolate has in memory, and whether that is the same.
import { ago, duration } from "../../shared/words.js";

const SNAPSHOT = "models:edge:snapshot:";
/** What a lease has instead of a time when it never expires. */
const NEVER = -1;
/** How long after it was read a version may be published. */
const PUBLISHING_MS = 20_000;

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
  if (isOurs === false) return { tone: "bad", word: "another configuration's", why: "it is not used" };
  return (
    cleared(version, stats.isolate) ??
    compared(version, heldOf(name, stats), stats.isolate, now) ??
    late(version, now) ?? { tone: "ok", word: "in sync" }
  );
}

function cleared({ place, epoch, backend_epoch: backend }, isolate) {
  if (place === "nowhere") return { tone: "warn", word: "cleared", why: "the next request for it, or a warm run, loads it" };
  if (isolate.barrier !== null && epoch < isolate.barrier)
    return { tone: "warn", word: "cleared, hard", why: "served only when the origin cannot answer" };
  if (isolate.epoch !== null && epoch < isolate.epoch) return { tone: "warn", word: "cleared, soft", why: "served while it is refreshed" };
  if (isolate.backend_epoch !== null && backend !== isolate.backend_epoch) {
    return { tone: "warn", word: "outdated", why: `the backend has synchronized since: epoch ${isolate.backend_epoch}` };
  }
  return null;
}

function compared(version, held, isolate, now) {
  if (!held) return { tone: "mute", word: "published", why: "not in this isolate's memory" };
  if (held.hash === version.hash && held.epoch === version.epoch) return null;
  const what = held.hash === version.hash ? `memory has it under epoch ${held.epoch ?? "–"}` : `memory has hash ${held.hash}`;
  // What was published after this isolate's last check is no fault: it checks before its next answer.
  if (isolate.verified_at_ms < version.at + PUBLISHING_MS)
    return { tone: "warn", word: "not in sync yet", why: `${what}; it last checked ${ago(isolate.verified_at_ms, now)}` };
  return { tone: "bad", word: "not in sync", why: `${what}, although it checked ${ago(isolate.verified_at_ms, now)}` };
}

function late({ at, ttl }, now) {
  const over = now - at - ttl;
  return over <= 0
    ? null
    : { tone: "warn", word: "past its time", why: `for ${duration(over / 1_000)}; the next request or warm run has it read anew` };
}

/** Who holds a source's lease, until when, or for ever; null where nobody does. */
export function leaseOf(name, { stats, seenAt }) {
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
