// What the façade was asked and what it cost: each request, each command that Redis ran, and running totals by name.
import { record } from "../shared/journal.mjs";

const ARGUMENT_CHARS = 200;

export class Journal {
  /** {at, command, bytesUp, bytesDown}: long arguments are shortened in `command`, and counted whole. */
  commands = [];
  /**
   * {at, method, path, status, commands, bytesUp, bytesDown, ms, syncToken?, newSyncToken?}: bytes are those of the
   * bodies, `commands` are names, and the tokens are the one that came with the request and the one it was answered.
   */
  requests = [];
  #totals = empty();
  #log;

  constructor(log) {
    this.#log = log;
  }

  request({ method, url, headers }) {
    const entry = { at: Date.now(), method, path: withoutToken(url), status: null, commands: [], bytesUp: 0, bytesDown: 0, ms: null };
    entry.syncToken = headers["upstash-sync-token"];
    record(this.requests, entry);
    this.#totals.requests += 1;
    return entry;
  }

  /** The entry's numbers are final. */
  answered(entry, status, bytesUp, bytesDown) {
    Object.assign(entry, { status, bytesUp, bytesDown, ms: Date.now() - entry.at });
    this.#totals.bytesUp += bytesUp;
    this.#totals.bytesDown += bytesDown;
  }

  /** Commands are noted before they run; returns what to call with their replies. */
  running(entry, commands) {
    const at = Date.now();
    const noted = commands.map((args) => {
      const command = args.map(shortened);
      const bytesUp = args.reduce((sum, arg) => sum + arg.length, 0);
      const note = { at, command, bytesUp, bytesDown: 0 };
      record(this.commands, note);
      this.#log?.(`upstash ${command.join(" ").slice(0, ARGUMENT_CHARS)}`);
      const name = command[0].toUpperCase();
      entry.commands.push(name);
      const total = (this.#totals.byCommand[name] ??= { commands: 0, bytesUp: 0, bytesDown: 0 });
      this.#totals.commands += 1;
      total.commands += 1;
      total.bytesUp += bytesUp;
      return { note, total };
    });
    return (replies) =>
      replies.forEach(({ raw }, index) => {
        noted[index].note.bytesDown = raw.length;
        noted[index].total.bytesDown += raw.length;
      });
  }

  /** {requests, commands, bytesUp, bytesDown, byCommand: {GET: {commands, bytesUp, bytesDown}}} since the last clear(). */
  totals() {
    return structuredClone(this.#totals);
  }

  clear() {
    this.commands.length = 0;
    this.requests.length = 0;
    this.#totals = empty();
  }
}

const empty = () => ({ requests: 0, commands: 0, bytesUp: 0, bytesDown: 0, byCommand: {} });

// No character takes more than four bytes, so a value of megabytes is not decoded for its beginning.
function shortened(arg) {
  return arg.subarray(0, 4 * ARGUMENT_CHARS).toString().slice(0, ARGUMENT_CHARS);
}

function withoutToken(url) {
  return url.replace(/([?&]_token=)[^&]*/, "$1…");
}
