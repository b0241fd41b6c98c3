// What a deployment must do before it is called one: it is warm, it serves the catalog, and only operators look behind it.

const WARM = "/api/system/cache/warm";
const STATS = "/api/system/cache/stats";
const LISTING = "/models/unique?limit=1";
// What EDGE_MODE forbids is no failure.
const FORBIDDEN = ["read-only", "passthrough"];
// A new version needs some seconds to reach every location, a new address up to a minute.
const PATIENCE_MS = 90_000;
const PAUSE_MS = 2_000;
const CALL_MS = 30_000;

/** Warms the Worker at `url`; gives the report's sum, or throws what is wrong. */
export async function warm(url, token, patienceMs = PATIENCE_MS) {
  const answer = await untilAnswered(url, WARM, { method: "POST", headers: bearer(token) }, patienceMs);
  const { error, successful, total_variants: total } = answer.body;
  if (FORBIDDEN.includes(error)) return `not warmed: EDGE_MODE is ${error.replace("-", "_")}`;
  if (error) throw new Error(`POST ${WARM} reports: ${error} (docs/operations.md, "Reasons")`);
  return `${successful} of ${total} listings are warm`;
}

/** Looks at the Worker at `url` as a client and as an operator; gives a line for each look, or throws what is wrong. */
export async function smoke(url, token, patienceMs = PATIENCE_MS) {
  const listing = await untilAnswered(url, LISTING, {}, patienceMs);
  const { models, total } = listing.body;
  const status = listing.headers.get("cache-status");
  expect(status, `GET ${LISTING} has no Cache-Status: is this the Worker?`);
  expect(models?.length === 1 && total >= 1, `GET ${LISTING} has no model`);
  const stats = await untilAnswered(url, STATS, { headers: bearer(token) }, patienceMs);
  expect(stats.body.redis_available !== false, `GET ${STATS}: Redis does not answer`);
  // Without Workers Cache there is no such header, or it says that nothing could be cached.
  const cached = !["DYNAMIC", null].includes(listing.headers.get("cf-cache-status"));
  const isMeant = stats.body.isolate.front.state !== "off";
  expect(isMeant || !cached, "Workers Cache is on and WORKERS_CACHE is not: it would keep what is cleared (docs/operations.md)");
  const stranger = await ask(url, STATS, { headers: bearer(`${token}x`) });
  expect(stranger.status === 401, `GET ${STATS} with a wrong token is ${stranger.status}, not 401`);
  return [`${total} models, ${status}`, "Redis answers", "operators' routes are closed to others"];
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

function expect(isSo, otherwise) {
  if (!isSo) throw new Error(otherwise);
}

async function ask(url, path, init) {
  const response = await fetch(new URL(path, url), { ...init, signal: AbortSignal.timeout(CALL_MS) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) ?? {} };
}

// Asks again until it is 200: what answers first may be the version before, or nothing.
async function untilAnswered(url, path, init, patienceMs) {
  const end = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask(url, path, init).catch((error) => ({ status: error.cause?.message ?? error.message, body: {} }));
    if (answer.status === 200) return answer;
    if (Date.now() > end) {
      const { detail } = answer.body;
      throw new Error(`${path} answers ${answer.status}${typeof detail === "string" ? `: ${detail}` : ""}`);
    }
    await new Promise((later) => setTimeout(later, PAUSE_MS));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
