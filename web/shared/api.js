// What the Worker is asked: its own routes, on the page's own host, with its errors as errors.

/** An answer that is none: problem+json, a 422 with its items, or a host that could not be reached (status 0). */
export class Problem extends Error {
  /** @param {{status: number, title: string, detail?: string, retryAfterSecs?: number, headers?: Headers, body?: unknown}} told */
  constructor({ status, title, detail, retryAfterSecs, headers, body }) {
    super(detail ? `${title}: ${detail}` : title);
    this.name = "Problem";
    Object.assign(this, { status, title, detail, retryAfterSecs, headers, body });
  }
}

/**
 * Asks a route; gives its answer as JSON with what tells how it was served, or throws a Problem.
 * @param {string} path with its query
 * @param {{method?: string, token?: string, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal}} [options]
 * @returns {Promise<{status: number, headers: Headers, body: any, bytes: number, tookMs: number}>}
 */
export async function ask(path, { method = "GET", token, body, headers = {}, signal } = {}) {
  const sent = { accept: "application/json", ...headers };
  if (token) sent.authorization = `Bearer ${token}`;
  if (body !== undefined) sent["content-type"] = "application/json";
  const begun = performance.now();
  const response = await reach(path, { method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body), signal });
  const text = await response.text();
  const tookMs = performance.now() - begun;
  const json = parsed(text);
  if (response.ok || response.status === 304) {
    if (json === undefined && text !== "")
      throw new Problem({ status: response.status, title: "The answer is no JSON", headers: response.headers });
    return { status: response.status, headers: response.headers, body: json, bytes: text.length, tookMs };
  }
  throw problemOf(response, json);
}

async function reach(path, init) {
  try {
    // No cookies of the host's other pages go along, and none come back.
    return await fetch(path, { ...init, credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ status: 0, title: "The host cannot be reached", detail: error.message });
  }
}

function problemOf(response, json) {
  const { status, headers } = response;
  const after = Number(headers.get("retry-after") ?? Number.NaN);
  return new Problem({
    status,
    title: typeof json?.title === "string" ? json.title : response.statusText || `Status ${status}`,
    detail: detailOf(json?.detail),
    retryAfterSecs: Number.isFinite(after) ? after : undefined,
    headers,
    body: json,
  });
}

// A problem's sentence, or the items of a 422: `limit: Input should be greater than or equal to 1`.
function detailOf(detail) {
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return undefined;
  return detail.map(({ loc = [], msg = "" }) => `${loc.slice(1).join(".") || loc.join(".")}: ${msg}`).join("; ");
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
