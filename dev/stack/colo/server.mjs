// One data center's cache as workerd reads it from any HTTP server (`cacheApiOutbound`): a GET is a match, a PUT has the
// response to keep as its body, in the form of HTTP/1.1. What can go wrong on the way to it is the fault proxy's; what only
// a cache can do is done here: forget, and give what was replaced.
import { HttpServer } from "../shared/http-server.mjs";
import { record } from "../shared/journal.mjs";

const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * Returns {url, requests, entries, forget(), freeze(), thaw(), stop()}.
 *
 * `requests` are {operation: match | put, name, status, bytes}; `entries` maps each name to {headers, body, until}, which
 * a test may change. After freeze() what is put is kept, and readers see what stood there before, until thaw().
 */
export async function startColo({ port } = {}) {
  const entries = new Map();
  const requests = [];
  let shown = entries;
  const server = new HttpServer(async (request, response) => {
    // A host of the Worker's own: which one it is does not matter, and it is part of the name.
    const name = `${request.headers.host}${request.url}`;
    const answer = (operation, status, headers = {}, body = "") => {
      record(requests, { operation, name, status, bytes: body.length });
      response.writeHead(status, headers);
      response.end(body);
    };
    const sent = await bodyOf(request).catch(() => undefined);
    // Who sent it is gone: a worker that was stopped, or gave up.
    if (sent === undefined) return;
    if (request.method === "PUT") {
      const entry = entryOf(sent);
      if (entry) entries.set(name, entry);
      record(requests, { operation: "put", name, status: 204, bytes: sent.length });
      response.writeHead(204);
      return response.end();
    }
    if (request.method !== "GET") return answer(request.method, 405);
    const found = shown.get(name);
    if (!found || found.until <= Date.now()) return answer("match", 504, { "cf-cache-status": "MISS" });
    answer("match", 200, { ...found.headers, "cf-cache-status": "HIT" }, found.body);
  });
  await server.start(port);
  return {
    url: server.url,
    requests,
    entries,
    forget: () => entries.clear(),
    freeze: () => (shown = new Map(entries)),
    thaw: () => (shown = entries),
    stop: () => server.stop(),
  };
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// What says for how long it is fresh is kept, as the platform does it.
function entryOf(message) {
  const end = message.indexOf(HEAD_END);
  const [, ...lines] = message.subarray(0, end).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const maxAge = /(?:^|[ ,])(?:s-maxage|max-age)=(\d+)/.exec(headers["cache-control"] ?? "");
  if (!maxAge) return undefined;
  const chunked = headers["transfer-encoding"] === "chunked";
  const body = message.subarray(end + HEAD_END.length);
  delete headers["transfer-encoding"];
  delete headers["content-length"];
  return { headers, body: chunked ? unchunked(body) : body, until: Date.now() + Number(maxAge[1]) * 1000 };
}

function unchunked(body) {
  const parts = [];
  for (let at = 0; ; ) {
    const line = body.indexOf("\r\n", at);
    const length = Number.parseInt(body.subarray(at, line).toString("latin1"), 16);
    if (!(length > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
}
