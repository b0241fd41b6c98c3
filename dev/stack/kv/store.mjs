// A KV namespace in memory: values with metadata and lifetimes, and what each key held before, since readers elsewhere
// see a write late (docs/platform.md, "KV is eventually consistent").
const LIST_KEYS_MAX = 1000;
const HISTORY_MAX = 50;

export class KvStore {
  /** Key → writes, oldest first: {at, value: Buffer | null, metadata, expiresAt}; null is a deletion. */
  #writes = new Map();
  #now;

  constructor(now = Date.now) {
    this.#now = now;
  }

  put(key, value, { metadata, expiresAt = Infinity } = {}) {
    this.#write(key, { value: Buffer.from(value), metadata, expiresAt });
  }

  delete(key) {
    if (this.#writes.has(key)) this.#write(key, { value: null, metadata: undefined, expiresAt: Infinity });
  }

  /** What a reader sees that knows the writes up to `asOf`: {value, metadata, expiresAt} or null. Lifetimes end on time. */
  read(key, asOf = Infinity) {
    const seen = this.#writes.get(key)?.findLast(({ at }) => at <= asOf);
    return seen?.value && seen.expiresAt > this.#now() ? seen : null;
  }

  /** Entries by name from `cursor` on: {entries: [[key, entry]], cursor}, without a cursor at the end. */
  list({ prefix = "", cursor = "", limit = LIST_KEYS_MAX, asOf = Infinity } = {}) {
    const names = [...this.#writes.keys()].filter((key) => key.startsWith(prefix) && key > cursor).sort();
    const entries = names.map((key) => [key, this.read(key, asOf)]).filter(([, entry]) => entry);
    const page = entries.slice(0, limit);
    return { entries: page, ...(entries.length > limit && { cursor: page.at(-1)[0] }) };
  }

  /** Loses keys as if they had never been written; all of them without a test. */
  forget(test = () => true) {
    for (const key of this.#writes.keys()) if (test(key)) this.#writes.delete(key);
  }

  #write(key, entry) {
    const writes = this.#writes.get(key) ?? [];
    writes.push({ at: this.#now(), ...entry });
    if (writes.length > HISTORY_MAX) writes.shift();
    this.#writes.set(key, writes);
  }
}
