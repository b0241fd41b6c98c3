// The ways in which a server can fail, each a function of one exchange {request, response, fetch()} and a rule.
import { setTimeout as sleep } from "node:timers/promises";
import { endToEnd } from "../shared/forward.mjs";

// A reset throws away what the kernel has not sent yet, so the bytes before it get a moment to leave.
const FLUSH_MS = 30;
const GARBAGE = Buffer.from('<html>\x00\xff{"result":[[nope', "latin1");

export const FAULTS = {
  none: async ({ response, fetch }) => {
    const upstream = await fetch();
    response.writeHead(upstream.statusCode, endToEnd(upstream.headers));
    upstream.on("error", () => response.socket?.resetAndDestroy());
    upstream.pipe(response);
  },

  /** Answers properly, `ms` late. */
  latency: async (exchange, { ms = 1000 }) => {
    await untilGone(exchange.response, ms);
    if (!exchange.response.destroyed) await FAULTS.none(exchange);
  },

  /** Accepts the request and never answers. */
  hang: async ({ request }) => {
    request.resume();
  },

  /** Sends the headers and the first half (or `bytes`) of the body, then nothing. */
  "hang-body": async ({ response, fetch }, { bytes }) => {
    const { upstream, body } = await whole(fetch);
    response.writeHead(upstream.statusCode, lengthOf(upstream, body));
    response.write(part(body, bytes));
  },

  /** Resets the TCP connection instead of answering. */
  reset: async ({ request }) => {
    request.socket.resetAndDestroy();
  },

  /** Sends the headers and the first half (or `bytes`) of the body, then resets the connection. */
  "reset-body": async ({ request, response, fetch }, { bytes }) => {
    const { upstream, body } = await whole(fetch);
    response.writeHead(upstream.statusCode, lengthOf(upstream, body));
    response.write(part(body, bytes));
    await sleep(FLUSH_MS);
    request.socket.resetAndDestroy();
  },

  /** Sends half (or `bytes`) of the body as if it were all of it: HTTP is intact, its JSON is cut. */
  truncate: async ({ response, fetch }, { bytes }) => {
    const { upstream, body } = await whole(fetch);
    const half = part(body, bytes);
    response.writeHead(upstream.statusCode, lengthOf(upstream, half));
    response.end(half);
  },

  /** Answers with the target's status and headers, and `body` (default: not JSON) in place of its body. */
  garbage: async ({ response, fetch }, { body = GARBAGE }) => {
    const { upstream } = await whole(fetch);
    const bytes = Buffer.from(body);
    response.writeHead(upstream.statusCode, lengthOf(upstream, bytes));
    response.end(bytes);
  },

  /** Answers `status` with `headers` and `body` (an object is sent as JSON); the target is not asked. */
  status: async ({ request, response }, { status = 500, headers = {}, body = "", ms = 0 }) => {
    request.resume();
    if (ms > 0) await untilGone(response, ms);
    const text = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(text);
  },

  /** Sends the body in slices of `bytes`, `ms` apart. */
  drip: async ({ response, fetch }, { bytes = 64, ms = 50 }) => {
    const { upstream, body } = await whole(fetch);
    response.writeHead(upstream.statusCode, lengthOf(upstream, body));
    for (let start = 0; start < body.length && !response.destroyed; start += bytes) {
      response.write(body.subarray(start, start + bytes));
      await untilGone(response, ms);
    }
    response.end();
  },
};

async function whole(fetch) {
  const upstream = await fetch();
  const chunks = [];
  for await (const chunk of upstream) chunks.push(chunk);
  return { upstream, body: Buffer.concat(chunks) };
}

function lengthOf(upstream, body) {
  return { ...endToEnd(upstream.headers), "content-length": body.length };
}

function part(body, bytes = Math.floor(body.length / 2)) {
  return body.subarray(0, bytes);
}

// Sleeps, but not longer than the client waits: a stopped stack must not be kept alive by a timer.
async function untilGone(response, ms) {
  const gone = new AbortController();
  const abort = () => gone.abort();
  response.once("close", abort);
  await sleep(ms, undefined, { signal: gone.signal }).catch(() => {});
  response.off("close", abort);
}
