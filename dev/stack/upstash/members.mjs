// The servers behind the façade: writes go to the primary, reads to the replica if there is one, which may lag. A sync
// token says how far a client has seen: what it reads next is at least as new (docs/platform.md, "Upstash replicas lag").
import { RedisClient } from "../redis/client.mjs";
import { CommandTable } from "./commands.mjs";

const READS = ["replica", "primary", "alternate"];

export class Members {
  /** Which member answers reads: "alternate" takes turns, within an MGET as well, so that what one request reads is torn. */
  #reads = "replica";
  #tokens = 0;

  constructor(redisPort, replica) {
    this.primary = new RedisClient(redisPort);
    this.replica = replica;
    this.replicaClient = replica && new RedisClient(replica.port);
    this.commandTable = new CommandTable((...args) => this.primary.command(...args));
  }

  readFrom(member) {
    if (!READS.includes(member)) throw new Error(`reads come from ${READS.join(", ")}`);
    this.#reads = member;
  }

  /** Runs commands in order: {replies, token}. Behind the first write of a request, the primary answers its reads too. */
  async run(commands, given) {
    if (!this.replica) return { replies: await this.primary.batch(commands), token: this.#token(0) };
    const seen = offsetOf(given);
    if (seen > 0) await this.replica.catchUp(seen).catch(() => {});
    const reads = await this.#leadingReads(commands);
    const replies = [...(await this.#read(commands.slice(0, reads))), ...(await this.primary.batch(commands.slice(reads)))];
    const offset = reads < commands.length ? await this.replica.primaryOffset() : await this.replica.offset();
    return { replies, token: this.#token(Math.max(seen, offset)) };
  }

  /** The replica becomes the only server; what it has not heard of is lost. */
  async failOver() {
    await this.replica.promote();
    this.primary.close();
    this.primary = this.replicaClient;
    this.replica = undefined;
  }

  /** A new token, for an answer that asked no server. */
  token(given) {
    return this.#token(offsetOf(given));
  }

  close() {
    this.primary.close();
    this.replicaClient?.close();
  }

  async #leadingReads(commands) {
    if (this.#reads === "primary") return 0;
    let count = 0;
    while (count < commands.length && (await this.commandTable.isRead(commands[count]))) count += 1;
    return count;
  }

  async #read(commands) {
    const late = await this.replicaClient.batch(commands);
    if (this.#reads !== "alternate") return late;
    const early = await this.primary.batch(commands);
    return commands.map((args, index) => {
      if (args[0].toString().toUpperCase() === "MGET") return torn(late[index], early[index]);
      return index % 2 === 0 ? late[index] : early[index];
    });
  }

  #token(offset) {
    return `local-${(this.#tokens += 1)}-${offset}`;
  }
}

function offsetOf(token) {
  return Number(/^local-\d+-(\d+)$/.exec(token ?? "")?.[1] ?? 0);
}

function torn(late, early) {
  if (!Array.isArray(late.value) || !Array.isArray(early.value)) return late;
  const value = late.value.map((item, index) => (index % 2 === 0 ? item : early.value[index]));
  const parts = value.map((item) => (item === null ? Buffer.from("$-1\r\n") : bulk(item)));
  return { value, raw: Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...parts]) };
}

function bulk(bytes) {
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]);
}
