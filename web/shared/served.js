// How an answer was served, in words: `Cache-Status` (RFC 9211), `X-Cache` and `Age` (docs/api.md, "Cache-Status").
import { parseList } from "structured-headers";
import { duration } from "./words.js";

const TIERS = {
  memory: "memory of the isolate",
  colo: "the data center's cache",
  upstash: "Redis",
  kv: "Workers KV",
};

const DETAILS = {
  timeout: "it did not answer in time",
  unreachable: "it could not be reached",
  error: "it answered with an error",
  limited: "it refused for now: too many requests",
  quota: "its quota is used up",
  malformed: "its answer could not be read",
  corrupt: "what it had was broken",
  silent: "it said nothing",
  "breaker-open": "it failed too often just now, and is left alone for a while",
  derived: "put into this order for you",
  stale: "past its time",
  unverified: "nobody could tell for a minute whether it was invalidated",
};

const SERVED = {
  HIT: { tone: "ok", word: "fresh", text: "From a cache, fresh" },
  STALE: { tone: "warn", word: "stale", text: "From a cache, past its time: the last that is known" },
  MISS: { tone: "ok", word: "new", text: "From the database, just read" },
};

/** The name of a tier in words. */
export function tierName(tier) {
  return TIERS[tier] ?? (tier === "origin" ? "the database" : tier);
}

/** What a reason of a tier means, in words. */
export function reasonWords(reason) {
  return DETAILS[reason] ?? reason;
}

/**
 * The members of a Cache-Status: the nearest to the client first; an empty list where there is none or it cannot be read.
 * @param {string | null} header
 * @returns {{tier: string, hit: boolean, fwd?: string, ttl?: number, key?: string, detail?: string, stored: boolean, collapsed: boolean}[]}
 */
export function membersOf(header) {
  if (!header) return [];
  try {
    return parseList(header)
      .map(([tier, params]) => {
        const { hit = false, fwd, ttl, key, detail, stored = false, collapsed = false } = Object.fromEntries(params);
        return { tier: String(tier), hit, ttl, key, stored, collapsed, fwd: fwd && String(fwd), detail: detail && String(detail) };
      })
      .reverse();
  } catch {
    return [];
  }
}

/** A member as a sentence. */
export function memberWords({ tier, hit, fwd, ttl, detail, stored, collapsed }) {
  const name = tierName(tier);
  const more = [];
  if (hit) {
    if (detail) more.push(reasonWords(detail));
    if (ttl !== undefined) more.push(ttl < 0 ? `${duration(ttl)} past its time` : `fresh for another ${duration(ttl)}`);
    return sentence(`${name} had it`, more);
  }
  if (collapsed) more.push("waited for another request's work");
  if (stored) more.push("keeps it now");
  if (detail) more.unshift(reasonWords(detail));
  const said = {
    miss: "did not have it",
    stale: "had it too old to serve at once",
    request: "had it less fresh than was asked for",
    bypass: "was not asked",
  };
  return sentence(`${name} ${said[fwd] ?? "passed it on"}`, more);
}

/**
 * All of it: {tone, word, text, age, steps}, from an answer's headers.
 * @param {Headers} headers
 */
export function servedWords(headers) {
  const known = SERVED[headers.get("x-cache")] ?? { tone: "mute", word: "unknown", text: "It does not say from where" };
  const age = headers.get("age");
  const ageSecs = age === null ? undefined : Number(age);
  return { ...known, ageSecs, steps: membersOf(headers.get("cache-status")).map(memberWords) };
}

function sentence(text, more) {
  const whole = [text, ...more].join("; ");
  return `${whole[0].toUpperCase()}${whole.slice(1)}.`;
}
