// The connection from a primary to its replica, which can be slow: what the primary sends waits here, in order. Replies
// of the replica go back at once, and the primary is always read, so that it never notices.
import net from "node:net";
import { choosePort, listen, LOOPBACK } from "../shared/ports.mjs";

export class ReplicationLink {
  #primaryPort;
  #server;
  #connections = new Set();
  #delayMs = 0;
  #isHeld = false;

  constructor(primaryPort) {
    this.#primaryPort = primaryPort;
  }

  async start() {
    this.port = await choosePort();
    this.#server = net.createServer({ noDelay: true }, (replica) => this.#connect(replica));
    await listen(this.#server, this.port);
  }

  async stop() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { replica } of this.#connections) replica.destroy();
    await closed;
  }

  /** Everything arrives `ms` late from now on. */
  lag(ms) {
    this.#delayMs = ms;
  }

  /** Nothing arrives until release() or flush(). */
  hold() {
    this.#isHeld = true;
  }

  release() {
    this.#isHeld = false;
    this.#deliver();
  }

  /** Delivers what waits now, whatever lag or hold say; what comes later waits again. */
  flush() {
    for (const { replica, waiting } of this.#connections) {
      for (const { bytes } of waiting.splice(0)) replica.write(bytes);
    }
  }

  #connect(replica) {
    const primary = net.connect({ port: this.#primaryPort, host: LOOPBACK, noDelay: true });
    const connection = { replica, waiting: [] };
    this.#connections.add(connection);
    const lost = () => {
      this.#connections.delete(connection);
      primary.destroy();
      replica.destroy();
    };
    for (const socket of [primary, replica]) socket.on("error", lost).on("close", lost);
    replica.pipe(primary);
    primary.on("data", (bytes) => {
      connection.waiting.push({ bytes, at: Date.now() + this.#delayMs });
      if (this.#delayMs === 0) this.#deliver();
      else setTimeout(() => this.#deliver(), this.#delayMs).unref();
    });
  }

  #deliver() {
    if (this.#isHeld) return;
    const now = Date.now();
    for (const { replica, waiting } of this.#connections) {
      while (waiting.length > 0 && waiting[0].at <= now) replica.write(waiting.shift().bytes);
      // A timer may fire a moment early.
      if (waiting.length > 0) setTimeout(() => this.#deliver(), Math.max(1, waiting[0].at - now)).unref();
    }
  }
}
