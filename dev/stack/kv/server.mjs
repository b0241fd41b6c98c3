// Workers KV as workerd reads it from any HTTP server: GET, PUT and DELETE of a key, a list, a bulk read. What can go
// wrong on the way to it (slow, hung, limited, failing, cut) is the fault proxy's; what only KV can do is done here:
// show old values, forget.
import { HttpServer } from "../shared/http-server.mjs";
import { KvJournal } from "./journal.mjs";
import { checkBulk, checkCacheTtl, checkKey, checkValue, expiry, KvError, parseMetadata } from "./limits.mjs";
import { KvStore } from "./store.mjs";

const METADATA = "cf-kv-metadata";
const EXPIRATION = "cf-expiration";

/**
 * Returns {url, port, store, requests, totals(), clearRequests(), lag(ms), freeze(), thaw(), forget(test?), start(),
 * stop()} and, as the binding has them, get(key, type?), getWithMetadata(key, type?), put(key, text, options?),
 * delete(key), list({prefix?}). These see the newest values, and are not in the journal.
 *
 * Readers see writes `lag` ms late, none after freeze(), all after thaw(). With another server's `store` this one is
 * the same namespace at another place: it has a lag of its own.
 */
export async function startKv({ port, log, store = new KvStore() } = {}) {
  const namespace = new Namespace(store, log);
  const server = new HttpServer((request, response) => namespace.serve(request, response));
  await server.start(port);
  return {
    url: server.url,
    port: server.port,
    store,
    requests: namespace.journal.requests,
    totals: () => namespace.journal.totals(),
    clearRequests: () => namespace.journal.clear(),
    lag: (ms) => (namespace.asOf = () => Date.now() - ms),
    freeze: (at = Date.now()) => (namespace.asOf = () => at),
    thaw: () => (namespace.asOf = () => Infinity),
    forget: (test) => store.forget(test),
    ...binding(store),
    start: () => server.start(),
    stop: () => server.stop(),
  };
}

function binding(store) {
  const typed = (entry, type) => (type === "json" ? JSON.parse(entry.value.toString()) : entry.value.toString());
  return {
    get: async (key, type = "text") => {
      const entry = store.read(key);
      return entry && typed(entry, type);
    },
    getWithMetadata: async (key, type = "text") => {
      const entry = store.read(key);
      return { value: entry && typed(entry, type), metadata: entry?.metadata ?? null };
    },
    put: async (key, text, { metadata, expirationTtl } = {}) => {
      store.put(key, text, { metadata, ...(expirationTtl && { expiresAt: Date.now() + expirationTtl * 1000 }) });
    },
    delete: async (key) => store.delete(key),
    list: async ({ prefix } = {}) => {
      const { entries } = store.list({ prefix, limit: Infinity });
      return { keys: entries.map(([name, { metadata }]) => ({ name, metadata })), list_complete: true };
    },
  };
}

class Namespace {
  journal = new KvJournal();
  asOf = () => Infinity;
  #store;
  #log;

  constructor(store, log) {
    this.#store = store;
    this.#log = log;
  }

  async serve(request, response) {
    const url = new URL(request.url, "http://kv");
    const operation = operationOf(request.method, url.pathname);
    let body = Buffer.alloc(0);
    let keys = [];
    let reply;
    try {
      body = Buffer.concat(await Array.fromAsync(request));
      keys = keysOf(operation, url, body);
      reply = this.#answer(operation, { url, keys, body, headers: request.headers });
    } catch (error) {
      if (response.destroyed) return;
      reply = { status: error instanceof KvError ? error.status : 500, body: error.message };
    }
    const { status = 200, headers = {}, body: text = "" } = reply;
    const bytesDown = Buffer.byteLength(text);
    this.journal.add({ operation, keys, status, bytesUp: body.length, bytesDown });
    this.#log?.(`kv ${operation} ${keys.join(" ")} ${status}`);
    response.writeHead(status, { ...headers, "content-length": bytesDown });
    response.end(text);
  }

  #answer(operation, { url, keys, body, headers }) {
    const [key] = keys;
    switch (operation) {
      case "get":
        checkCacheTtl(url.searchParams.get("cache_ttl"));
        return this.#get(key);
      case "bulk":
        return this.#bulk(JSON.parse(body.toString()));
      case "list":
        return this.#list(url.searchParams);
      case "put":
        checkValue(body);
        this.#store.put(key, body, {
          metadata: parseMetadata(headers[METADATA]),
          expiresAt: expiry({ ttl: url.searchParams.get("expiration_ttl"), at: url.searchParams.get("expiration") }, Date.now()),
        });
        return {};
      case "delete":
        this.#store.delete(key);
        return {};
      default:
        throw new KvError(405, "method not allowed");
    }
  }

  #get(key) {
    const entry = this.#store.read(key, this.asOf());
    if (!entry) return { status: 404, body: "Not Found" };
    return {
      headers: {
        ...(entry.metadata !== undefined && { [METADATA]: JSON.stringify(entry.metadata) }),
        ...(entry.expiresAt !== Infinity && { [EXPIRATION]: seconds(entry.expiresAt) }),
      },
      body: entry.value,
    };
  }

  #bulk({ keys, type, withMetadata, cacheTtl }) {
    checkBulk(keys);
    checkCacheTtl(cacheTtl);
    const values = keys.map((key) => {
      checkKey(key);
      const entry = this.#store.read(key, this.asOf());
      const value = entry && (type === "json" ? JSON.parse(entry.value.toString()) : entry.value.toString());
      return [key, entry && withMetadata ? { value, metadata: entry.metadata ?? null } : value];
    });
    return { body: JSON.stringify(Object.fromEntries(values)) };
  }

  #list(parameters) {
    const limit = Number(parameters.get("key_count_limit") ?? 1000);
    if (!(limit >= 1 && limit <= 1000)) throw new KvError(400, `key_count_limit of ${limit}`);
    const [prefix, cursor] = ["prefix", "cursor"].map((name) => parameters.get(name) ?? undefined);
    const page = this.#store.list({ prefix, cursor, limit, asOf: this.asOf() });
    const keys = page.entries.map(([name, { metadata, expiresAt }]) => ({
      name,
      ...(expiresAt !== Infinity && { expiration: seconds(expiresAt) }),
      // workerd expects it as text.
      ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
    }));
    return { body: JSON.stringify({ keys, list_complete: !page.cursor, cursor: page.cursor, cacheStatus: null }) };
  }
}

function operationOf(method, path) {
  if (method === "GET") return path === "/" ? "list" : "get";
  if (method === "POST" && path === "/bulk/get") return "bulk";
  return { PUT: "put", DELETE: "delete" }[method] ?? "unknown";
}

// The keys that a request is about; a list is about its prefix.
function keysOf(operation, url, body) {
  if (operation === "list") return [url.searchParams.get("prefix") ?? ""];
  if (operation === "bulk") return JSON.parse(body.toString()).keys ?? [];
  const key = decodeURIComponent(url.pathname.slice(1));
  checkKey(key);
  return [key];
}

const seconds = (ms) => Math.floor(ms / 1000);
