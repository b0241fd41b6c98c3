// An HTTP server on the loopback interface that can go away (connection refused) and come back on the same port.
import http from "node:http";
import { choosePort, listen, LOOPBACK } from "./ports.mjs";

// workerd keeps its connections open; a server which closes idle ones earlier makes unrelated requests fail.
const KEEP_ALIVE_MS = 120_000;

export class HttpServer {
  #handler;
  #server = null;

  constructor(handler) {
    this.#handler = handler;
  }

  get url() {
    return `http://${LOOPBACK}:${this.port}`;
  }

  async start(port = this.port) {
    if (this.#server) return;
    this.port = port ?? (await choosePort());
    const server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, this.#handler);
    await listen(server, this.port);
    this.#server = server;
  }

  async stop() {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}
