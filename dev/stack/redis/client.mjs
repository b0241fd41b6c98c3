// One connection to Redis. Commands are pipelined in the order of the calls; after the server went away, the next
// command connects again, while commands already on the lost connection fail, since nobody knows whether they ran.
import net from "node:net";
import { LOOPBACK } from "../shared/ports.mjs";
import { encodeCommand, RedisError, ReplyParser, Status } from "./resp.mjs";

export class RedisClient {
  #port;
  #connection = null;

  constructor(port) {
    this.#port = port;
  }

  /** Sends one command: strings for bulk strings and statuses, numbers, null, arrays; an error reply rejects. */
  async command(...args) {
    const [reply] = await this.batch([args]);
    if (reply.value instanceof RedisError) throw reply.value;
    return plain(reply.value);
  }

  /** Sends commands in one write, so none of another caller comes between; resolves to [{value, raw}], errors included. */
  async batch(commands) {
    const bytes = Buffer.concat(commands.map(encodeCommand));
    const connection = (this.#connection ??= this.#connect());
    return Promise.all(connection.send(bytes, commands.length));
  }

  close() {
    this.#connection?.end();
    this.#connection = null;
  }

  #connect() {
    const connection = new Connection(this.#port, () => {
      if (this.#connection === connection) this.#connection = null;
    });
    return connection;
  }
}

class Connection {
  #socket;
  #waiting = [];

  constructor(port, onLost) {
    const parser = new ReplyParser();
    let cause = new Error("Redis closed the connection");
    const lost = () => {
      onLost();
      for (const { reject } of this.#waiting.splice(0)) reject(cause);
    };
    this.#socket = net.connect({ port, host: LOOPBACK, noDelay: true });
    this.#socket.on("error", (error) => (cause = error));
    this.#socket.on("close", lost);
    this.#socket.on("end", onLost);
    this.#socket.on("data", (chunk) => {
      try {
        for (const reply of parser.push(chunk)) this.#waiting.shift().resolve(reply);
      } catch (error) {
        this.#socket.destroy(error);
      }
    });
  }

  send(bytes, replies) {
    const promises = Array.from({ length: replies }, () => {
      const waiter = Promise.withResolvers();
      this.#waiting.push(waiter);
      return waiter.promise;
    });
    this.#socket.write(bytes);
    return promises;
  }

  end() {
    this.#socket.end();
  }
}

function plain(value) {
  if (value instanceof Status) return value.text;
  if (Buffer.isBuffer(value)) return value.toString("utf8");
  return Array.isArray(value) ? value.map(plain) : value;
}
