// What a KV namespace was asked: each request, and running totals as Cloudflare bills them.
import { record } from "../shared/journal.mjs";

const TOTAL_OF = { get: "reads", bulk: "reads", put: "writes", delete: "deletes", list: "lists" };

export class KvJournal {
  /** {at, operation: get | bulk | put | delete | list, keys, status, bytesUp, bytesDown}; a list's key is its prefix. */
  requests = [];
  #totals = empty();

  add(entry) {
    record(this.requests, { at: Date.now(), ...entry });
    const kind = TOTAL_OF[entry.operation];
    this.#totals.requests += 1;
    this.#totals.bytesUp += entry.bytesUp;
    this.#totals.bytesDown += entry.bytesDown;
    for (const key of entry.keys) {
      // A bulk read is billed by the key.
      this.#totals[kind] += 1;
      const ofKey = (this.#totals.byKey[key] ??= { reads: 0, writes: 0, deletes: 0, lists: 0 });
      ofKey[kind] += 1;
    }
  }

  /** {requests, reads, writes, deletes, lists, bytesUp, bytesDown, byKey: {key: {reads, writes, deletes, lists}}}. */
  totals() {
    return structuredClone(this.#totals);
  }

  clear() {
    this.requests.length = 0;
    this.#totals = empty();
  }
}

const empty = () => ({ requests: 0, reads: 0, writes: 0, deletes: 0, lists: 0, bytesUp: 0, bytesDown: 0, byKey: {} });
