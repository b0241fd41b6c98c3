// The operators' routes, asked with the token, and what their answers mean in words. Nothing here throws.
import { Problem, ask } from "../shared/api.js";
import { heldToken } from "./session.js";

export const ROUTES = {
  stats: "/api/system/cache/stats",
  clear: "/api/system/cache/clear",
  warm: "/api/system/cache/warm",
  mode: "/api/system/cache/mode",
  explain: "/api/system/explain",
  readyz: "/readyz",
  metrics: "/metrics",
};

/** A look that takes longer than this tells of a Worker that hangs; a warm run may load for half a minute. */
const LOOK_MS = 9_000;
const DO_MS = 60_000;

/**
 * Asks a route. `body` makes it a POST.
 * @param {string} path
 * @param {{body?: unknown, token?: string | null}} [options]
 * @returns {Promise<{ok: boolean, status: number, body: any, words: string | null, retryAfterMs: number | null, tookMs: number}>}
 *   `status` is 0 where nothing answered; `words` say what was wrong.
 */
export async function askOperators(path, { body, token = heldToken() } = {}) {
  const isLook = body === undefined;
  const signal = AbortSignal.timeout(isLook ? LOOK_MS : DO_MS);
  const begun = performance.now();
  try {
    const answer = await ask(path, { method: isLook ? "GET" : "POST", token, body, signal });
    return { ok: true, status: answer.status, body: answer.body, words: null, retryAfterMs: null, tookMs: answer.tookMs };
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem({ status: 0, title: "The host cannot be reached" });
    const { status, body: told, retryAfterSecs } = problem;
    const retryAfterMs = retryAfterSecs === undefined ? null : retryAfterSecs * 1_000;
    return { ok: false, status, body: told, words: wordsOf(problem, signal.aborted), retryAfterMs, tookMs: performance.now() - begun };
  }
}

/** The metrics as text, or null. */
export async function readMetrics() {
  try {
    const headers = { authorization: `Bearer ${heldToken()}` };
    const response = await fetch(ROUTES.metrics, { headers, credentials: "omit", signal: AbortSignal.timeout(LOOK_MS) });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}

/** The slugs of the providers, as anyone may read them; none where that fails. */
export async function listProviders() {
  const { body } = await ask("/v1/gateways").catch(() => ({}));
  return (body?.data ?? []).map(({ id }) => id);
}

function wordsOf({ status, title, detail, retryAfterSecs }, isLate) {
  if (status === 0) return isLate ? "The API did not answer in time." : "The API cannot be reached.";
  if (status === 401) return "The API refused the token (401).";
  if (status === 429) {
    const wait = retryAfterSecs === undefined ? "" : ` It lets this address ask again in ${retryAfterSecs} s.`;
    return `Too many requests from this address (429, OPERATORS_RATE_LIMIT).${wait}`;
  }
  return `The API answered ${status}, ${title}${detail && detail !== title ? `: ${detail}` : ""}.`;
}
