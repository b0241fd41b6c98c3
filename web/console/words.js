// The words for what the operators' routes name: those of docs/operations.md, "Reasons".

export const TIERS = { memory: "Memory", colo: "Data center", upstash: "Redis", kv: "KV", origin: "Origin" };

const REASONS = {
  timeout: "no answer in time",
  unreachable: "no connection",
  malformed: "an answer that cannot be read",
  error: "an HTTP status, or a command that was refused",
  refused: "PostgREST answered with an error",
  limited: "too many requests just now",
  quota: "the plan's requests are used up",
  "credentials-refused": "the token is none",
  "breaker-open": "it was not asked: its breaker is open",
  silent: "slow, and KV was asked meanwhile",
  corrupt: "a foreign value",
  "too-large": "no request to Redis can hold the value",
  "request-too-large": "the server refused a request for its size",
  "not-permitted": "the token may not write",
  full: "no room is left",
  "read-only-replica": "it is a replica just now",
  "count-mismatch": "rows are missing, against the origin's own count",
  "duplicate-ids": "rows came twice, against the origin's own count",
  empty: "not one model",
  shrunk: "fewer than half of the last known good models",
  "backing-off": "the origin failed a moment ago",
  busy: "another's load takes too long",
  "epoch-moved": "an invalidation came since the load began",
  "backend-syncing": "the backend's sync guard stands",
  "newer-there": "something newer is published",
  "version-moved": "another configuration's is published",
  "other-configuration": "made under another configuration",
  "not-ours": "a key does not hold what we left there",
  "over-budget": "so much was derived of a version that the rest is served from memory alone",
  expired: "it outlived its TTL before it could be published",
  stale: "past its time",
  unverified: "neither Redis nor KV could tell for a minute whether it was invalidated",
  "read-only": "the mode is read_only",
  passthrough: "the mode is passthrough",
  "only-if-cached": "the client wants nothing of the origin",
};

/** A reason with its meaning. A warm report names the tier before it: `upstash: timeout`. */
export function reason(text) {
  const meaning = REASONS[text?.split(": ").at(-1)];
  return meaning ? `${text} (${meaning})` : text;
}

export const MODES = {
  active: "reads and writes every tier",
  read_only: "reads every tier, publishes nothing, takes no lease",
  passthrough: "every request asks the origin; nothing is read from caches",
};

/** What a source is, in words. */
export function sourceWords(source) {
  if (source === "active") return "the catalog";
  if (source === "all") return "with inactive offers";
  if (source === "registry") return "the providers";
  return source.startsWith("provider:") ? "one provider's models" : "";
}
