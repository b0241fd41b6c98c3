// Which loopback port a server gets. Children are told their port before they listen, so a port is tried first.
import { randomInt } from "node:crypto";
import net from "node:net";

export const LOOPBACK = "127.0.0.1";

// Below the range from which the kernel takes the ports of outgoing connections: while a server of ours is down on
// purpose, no connection may take its port.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

const handedOut = new Set();

/** The given port if it is free, an unused one if none is given. */
export async function choosePort(port) {
  if (port) {
    if (!(await isFree(port))) throw taken(port);
    return port;
  }
  for (;;) {
    const candidate = randomInt(FIRST_PORT, LAST_PORT);
    if (handedOut.has(candidate)) continue;
    handedOut.add(candidate);
    if (await isFree(candidate)) return candidate;
  }
}

/** Listens on the loopback interface. */
export function listen(server, port) {
  return new Promise((resolve, reject) => {
    const failed = (error) => reject(error.code === "EADDRINUSE" ? taken(port) : error);
    server.once("error", failed);
    server.listen(port, LOOPBACK, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

async function isFree(port) {
  const server = net.createServer();
  try {
    await listen(server, port);
  } catch (error) {
    if (error.code === "PORT_TAKEN") return false;
    throw error;
  }
  await new Promise((closed) => server.close(closed));
  return true;
}

function taken(port) {
  return Object.assign(new Error(`port ${port} is taken`), { code: "PORT_TAKEN" });
}
