// What the figures mean: of each tier and of the whole, a tone and words. Nothing here touches the page.
import { duration, listed, milliseconds, plural } from "../../shared/words.js";
import { MODES, TIERS, reason } from "../words.js";
import { sourceVerdict } from "./standing.js";

/** A readiness that is older says nothing of now. */
const RECENT_MS = 75_000;
/** After this long without Redis nor KV, what memory has counts as unverified (docs/operations.md, "Reasons"). */
const UNVERIFIED_MS = 60_000;

/**
 * @typedef {{tone: "ok" | "warn" | "bad" | "mute", word: string, why?: string}} Verdict
 * @typedef {{stats: any, readiness: {body: any, at: number} | null, now: number}} Known
 */

/** Of the five tiers, nearest first: {tier, name, verdict}. @param {Known} known */
export function tierVerdicts(known) {
  const of = { memory: memory(known), colo: colo(known), upstash: redis(known), kv: kv(known), origin: origin(known) };
  return Object.entries(of).map(([tier, verdict]) => ({ tier, name: TIERS[tier], verdict }));
}

/** What readyz said of a tier a moment ago: {answers, duration_ms, reason}, or undefined. */
export function probed({ readiness, now }, tier) {
  return readiness && now - readiness.at < RECENT_MS ? readiness.body?.tiers?.[tier] : undefined;
}

function memory({ stats, now }) {
  const { isolate } = stats;
  if (isolate.mode === "passthrough") return { tone: "warn", word: "not used", why: "the mode is passthrough" };
  const unasked = now - isolate.verified_at_ms;
  if (!stats.redis_available && unasked > UNVERIFIED_MS) {
    return { tone: "warn", word: "unverified", why: `Redis last said ${duration(unasked / 1_000)} ago whether it is current` };
  }
  if (isolate.variants.length === 0) return { tone: "mute", word: "empty", why: "the next request fills it" };
  return { tone: "ok", word: "serves", why: plural(isolate.variants.length, "thing") };
}

function colo({ stats }) {
  const { state } = stats.isolate.colo;
  if (state === "present") return { tone: "ok", word: "present" };
  if (state === "missing") return { tone: "mute", word: "missing", why: "there is none on workers.dev and in previews" };
  if (state === "off") return { tone: "mute", word: "off", why: "COLO_CACHE" };
  return { tone: "mute", word: "unknown", why: "not found out yet" };
}

function redis(known) {
  const { stats } = known;
  const probe = probed(known, "upstash");
  const breaker = stats.isolate.breakers.upstash;
  if (!stats.redis_available || probe?.answers === false) return silent(probe, breaker, contact(stats, "upstash"));
  if (breaker === "open") return broken(breaker);
  const paused = stats.isolate.publishing_paused;
  if (paused) {
    const until = paused.remaining_ms === null ? "" : `; tried again in ${duration(paused.remaining_ms / 1_000)}`;
    return { tone: "bad", word: "refuses writes", why: `${reason(paused.reason)}${until}` };
  }
  if (breaker !== "closed") return broken(breaker);
  return { tone: "ok", word: "answers", why: took(probe) };
}

function kv(known) {
  const probe = probed(known, "kv");
  const breaker = known.stats.isolate.breakers.kv;
  if (probe?.answers === false) return silent(probe, breaker, contact(known.stats, "kv"));
  if (breaker !== "closed") return broken(breaker);
  return probe ? { tone: "ok", word: "answers", why: took(probe) } : notAsked(contact(known.stats, "kv"));
}

function origin(known) {
  const probe = probed(known, "origin");
  if (probe?.answers === false) return silent(probe, undefined, contact(known.stats, "origin"));
  const waits = backingOff(known.stats);
  if (waits.length > 0) return { tone: "warn", word: "left alone", why: `after failed loads of ${listed(waits)}` };
  return probe ? { tone: "ok", word: "answers", why: took(probe) } : notAsked(contact(known.stats, "origin"));
}

/** The sources whose loads failed, and which the origin is not asked for now: by all isolates or by this one. */
function backingOff({ sources, isolate }) {
  return Object.keys(sources).filter((name) => sources[name].backoff_ms !== null || (isolate.backoff[name]?.remaining_ms ?? null) !== null);
}

const contact = (stats, tier) => stats.isolate.contacts?.[tier];
const took = (probe) => probe && `in ${milliseconds(probe.duration_ms)}`;

function silent(probe, breaker, contact) {
  const why = probe?.reason ?? contact?.error;
  const open = breaker && breaker !== "closed" ? ` Its breaker is ${breaker}.` : "";
  return { tone: "bad", word: "does not answer", why: `${why ? reason(why) : "no reason is known"}.${open}` };
}

function broken(breaker) {
  if (breaker === "open") return { tone: "bad", word: "not asked", why: "its breaker is open after failures" };
  return { tone: "warn", word: "tried again", why: "its breaker is half-open: the next call decides" };
}

function notAsked(contact) {
  if (contact && contact.answered_at_ms !== null) {
    const isFailing = contact.failed_at_ms !== null && contact.failed_at_ms > contact.answered_at_ms;
    return isFailing ? { tone: "bad", word: "failed", why: reason(contact.error) } : { tone: "ok", word: "answered" };
  }
  return { tone: "mute", word: "not known", why: "/readyz did not say" };
}

/**
 * Everything that is not as it should be, worst first: {tone, key, text}. The key is what of the text does not change by the second.
 * @param {Known} known
 */
export function faults(known) {
  const { stats } = known;
  const found = [];
  const add = (tone, key, why) => found.push({ tone, key, text: why ? `${key}: ${why}` : key });
  for (const { name, verdict } of tierVerdicts(known)) {
    if (verdict.tone === "bad" || verdict.tone === "warn") add(verdict.tone, `${name} ${verdict.word}`, verdict.why);
  }
  const { mode } = stats.isolate;
  if (mode !== "active") add("warn", `The mode is ${mode}`, MODES[mode]);
  if (!stats.redis_available) add("warn", "Counters are those of the answering isolate alone", "what is published is not known either");
  for (const key of stats.overdue) add("warn", `${key} never expires`, "it stands in the way, and the next load takes it over");
  if (stats.last_warm?.error) add("bad", "The last warm run failed", reason(stats.last_warm.error));
  for (const name of Object.keys(stats.sources)) {
    const { tone, word, why } = sourceVerdict(name, known);
    if (tone === "bad" || (tone === "warn" && name === "active")) add(tone, `Source ${name} ${word}`, why);
  }
  return found.sort((a, b) => Number(b.tone === "bad") - Number(a.tone === "bad"));
}
