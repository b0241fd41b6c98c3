// A real redis-server that keeps nothing on disk.
import { startChild, untilReady } from "../shared/children.mjs";
import { choosePort, LOOPBACK } from "../shared/ports.mjs";
import { RedisClient } from "./client.mjs";

const MISSING = "redis-server is not installed: run `apt-get install redis-server` (or `brew install redis`)";

// A replica gets its first copy at once, and keeps its link however long it lags.
const REPLICATION = ["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-timeout", "3600"];

/**
 * Returns {port, command(...args), restart(), stop()}. restart() takes the same port again, also after stop(), and
 * finds the database empty. `settings` are more arguments of redis-server.
 */
export async function startRedis({ port, settings } = {}) {
  const server = new RedisServer(await choosePort(port), settings);
  await server.start();
  return {
    port: server.port,
    command: (...args) => server.client.command(...args),
    stop: () => server.stop(),
    restart: async () => {
      await server.stop();
      await server.start();
    },
  };
}

class RedisServer {
  #child;
  #settings;

  constructor(port, settings = []) {
    this.port = port;
    this.#settings = settings;
    this.client = new RedisClient(port);
  }

  async start() {
    const settings = ["--port", String(this.port), "--bind", LOOPBACK, "--save", "", "--appendonly", "no"];
    this.#child = startChild("redis-server", [...settings, ...REPLICATION, ...this.#settings], { env: { PATH: process.env.PATH, LANG: "C.UTF-8" } });
    try {
      await untilReady(this.#child, () => this.#answers());
    } catch (error) {
      await this.stop();
      throw error.code === "ENOENT" ? new Error(MISSING) : error;
    }
  }

  async stop() {
    this.client.close();
    await this.#child.stop();
  }

  async #answers() {
    try {
      return (await this.client.command("PING")) === "PONG";
    } catch {
      return false;
    }
  }
}
