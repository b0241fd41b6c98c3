// Supabase's API gateway in front of PostgREST: the /rest/v1 prefix, the apikey check, the newer opaque keys.
import { forward, endToEnd } from "../shared/forward.mjs";
import { HttpServer } from "../shared/http-server.mjs";
import { record } from "../shared/journal.mjs";

const PREFIX = "/rest/v1";
const NO_KEY = { message: "No API key found in request", hint: "No `apikey` request header or url param was found." };
const UNKNOWN_KEY = { message: "Invalid API key", hint: "Double check your Supabase `anon` or `service_role` API key." };
const NO_ROUTE = { message: "no Route matched with those values" };
const NO_UPSTREAM = { message: "An invalid response was received from the upstream server" };

/**
 * `target` is PostgREST's URL; `opaqueKeys` maps an `sb_…` key to the JWT that the gateway puts in its place;
 * `log(line)` hears of each request. stop() refuses connections until start() takes the same port again.
 */
export async function startSupabase({ target, port, opaqueKeys = {}, log }) {
  const requests = [];
  const server = new HttpServer(async (request, response) => {
    const entry = { at: Date.now(), method: request.method, path: request.url, status: null, ms: null };
    record(requests, entry);
    response.on("close", () => {
      entry.ms = Date.now() - entry.at;
      if (response.headersSent) entry.status = response.statusCode;
      log?.(`supabase ${entry.method} ${entry.path} ${entry.status ?? "aborted"} ${entry.ms} ms`);
    });
    await serve(request, response, target, opaqueKeys);
  });
  await server.start(port);
  return {
    url: server.url,
    port: server.port,
    requests,
    clearRequests: () => (requests.length = 0),
    start: () => server.start(),
    stop: () => server.stop(),
  };
}

async function serve(request, response, target, opaqueKeys) {
  const url = new URL(request.url, target);
  const key = request.headers.apikey ?? url.searchParams.get("apikey");
  if (!key) return refuse(request, response, 401, NO_KEY);
  if (url.pathname !== PREFIX && !url.pathname.startsWith(`${PREFIX}/`)) return refuse(request, response, 404, NO_ROUTE);
  const headers = { ...request.headers };
  if (key.startsWith("sb_")) {
    if (!opaqueKeys[key]) return refuse(request, response, 401, UNKNOWN_KEY);
    headers.authorization ??= `Bearer ${opaqueKeys[key]}`;
  }
  // The text after the prefix goes on byte by byte; only the gateway's own parameter is taken out.
  const path = (request.url.slice(PREFIX.length) || "/").replace(/([?&])apikey=[^&]*&?/, "$1");
  let upstream;
  try {
    upstream = await forward(request, response, target, { path: path.startsWith("/") ? path : `/${path}`, headers });
  } catch {
    return refuse(request, response, 502, NO_UPSTREAM);
  }
  response.writeHead(upstream.statusCode, upstream.statusMessage, endToEnd(upstream.headers));
  upstream.on("error", () => response.destroy());
  upstream.pipe(response);
}

function refuse(request, response, status, body) {
  request.resume();
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(body));
}
