// Which commands Upstash serves over REST, and which of them a read-only token may run.

// These block, hold state on the connection that all requests share, or administer the server.
const UNAVAILABLE = new Set(
  `AUTH BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT CLUSTER CONFIG DEBUG DISCARD EXEC FAILOVER
  HELLO LATENCY MIGRATE MODULE MONITOR MOVE MULTI PFDEBUG PFSELFTEST PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT READONLY
  READWRITE REPLCONF REPLICAOF RESET RESTORE-ASKING SAVE BGSAVE BGREWRITEAOF SELECT SHUTDOWN SLAVEOF SLOWLOG SPUBLISH
  SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SWAPDB SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH ASKING ACL`.split(/\s+/),
);
const STREAM_READS = new Set(["XREAD", "XREADGROUP"]);

const READ_ONLY_REFUSES = new Set(["KEYS", "SCAN", "RANDOMKEY"]);
const READ_ONLY_ALLOWS = new Set(["PING", "ECHO", "TIME", "INFO", "EVAL_RO", "EVALSHA_RO", "FCALL_RO"]);

export const commandName = (args) => args[0].toString();

/** Upstash's answer for a command it does not have. */
export function unavailable(name) {
  const page = "https://upstash.com/docs/redis/overall/rediscompatibility";
  return `ERR Command is not available: '${name}'. See ${page} for details`;
}

export function isAvailable(args) {
  const name = commandName(args).toUpperCase();
  const blocks = STREAM_READS.has(name) && args.some((arg) => arg.toString().toUpperCase() === "BLOCK");
  return !UNAVAILABLE.has(name) && !blocks;
}

/** Redis itself knows which commands only read; its answers are kept, because they do not change. */
export class CommandTable {
  #ask;
  #known = new Map();

  /** `ask(...args)` runs a command of Redis. */
  constructor(ask) {
    this.#ask = ask;
  }

  /** Whether a read-only token may run it; what Redis does not know, it may refuse itself. */
  async isAllowedToReaders(args) {
    const name = commandName(args).toUpperCase();
    if (READ_ONLY_ALLOWS.has(name)) return true;
    if (READ_ONLY_REFUSES.has(name)) return false;
    return (await this.#kind(name)) !== "write";
  }

  /** Whether a replica may run it. */
  async isRead(args) {
    return (await this.#kind(commandName(args).toUpperCase())) === "read";
  }

  async #kind(name) {
    if (!this.#known.has(name)) {
      const [info] = await this.#ask("COMMAND", "INFO", name);
      this.#known.set(name, info === null ? "unknown" : info[2].includes("readonly") ? "read" : "write");
    }
    return this.#known.get(name);
  }
}
