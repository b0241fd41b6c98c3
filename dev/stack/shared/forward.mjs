// Passes a request on to another server and hands back its answer; hop-by-hop headers stay on their hop.
import http from "node:http";

const HOP_BY_HOP = new Set(
  "connection keep-alive proxy-connection te trailer transfer-encoding upgrade".split(" "),
);

// One connection per request: an idle upstream connection that the server closes would fail an innocent request.
const agent = new http.Agent({ keepAlive: false });

/** Resolves to the upstream's `IncomingMessage`; rejects when it cannot be reached or the client is gone. */
export function forward(request, response, target, { path = request.url, headers = request.headers } = {}) {
  return new Promise((resolve, reject) => {
    const upstream = http.request(new URL(path, target), {
      agent,
      method: request.method,
      headers: { ...endToEnd(headers), host: new URL(target).host },
    });
    upstream.on("response", resolve);
    upstream.on("error", reject);
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  });
}

export function endToEnd(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}
