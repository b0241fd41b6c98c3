// What Workers KV refuses (docs/platform.md, "KV sizes and quotas" and "KV refuses short lifetimes").

const KEY_BYTES_MAX = 512;
const VALUE_BYTES_MAX = 26_214_400;
const METADATA_BYTES_MAX = 1024;
const EXPIRATION_SECS_MIN = 60;
const CACHE_SECS_MIN = 30;
const BULK_KEYS_MAX = 100;

export class KvError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function checkKey(key) {
  if (key === "" || key === "." || key === "..") throw new KvError(400, `illegal key name "${key}"`);
  const bytes = Buffer.byteLength(key);
  if (bytes > KEY_BYTES_MAX) throw new KvError(414, `key of ${bytes} bytes, the limit is ${KEY_BYTES_MAX}`);
}

export function checkCacheTtl(text) {
  if (text !== null && text !== undefined && !(Number(text) >= CACHE_SECS_MIN)) {
    throw new KvError(400, `cache_ttl of ${text}, the least is ${CACHE_SECS_MIN}`);
  }
}

export function checkValue(value) {
  if (value.length > VALUE_BYTES_MAX) throw new KvError(413, `value of ${value.length} bytes, the limit is ${VALUE_BYTES_MAX}`);
}

export function checkBulk(keys) {
  if (!Array.isArray(keys) || keys.length === 0) throw new KvError(400, "a bulk read names one key at least");
  if (keys.length > BULK_KEYS_MAX) throw new KvError(400, `a bulk read of ${keys.length} keys, the limit is ${BULK_KEYS_MAX}`);
}

export function parseMetadata(text) {
  if (text === undefined) return undefined;
  const bytes = Buffer.byteLength(text);
  if (bytes > METADATA_BYTES_MAX) throw new KvError(413, `metadata of ${bytes} bytes, the limit is ${METADATA_BYTES_MAX}`);
  return JSON.parse(text);
}

/** The moment at which a value expires, in ms; `ttl` and `at` are in seconds, as the request has them. */
export function expiry({ ttl, at }, nowMs) {
  if (ttl === null && at === null) return Infinity;
  const seconds = ttl === null ? Number(at) - Math.floor(nowMs / 1000) : Number(ttl);
  if (!Number.isInteger(seconds) || seconds < EXPIRATION_SECS_MIN) {
    throw new KvError(400, `expiration in ${seconds} s, the least is ${EXPIRATION_SECS_MIN}`);
  }
  return nowMs + seconds * 1000;
}
