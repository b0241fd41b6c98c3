// A second redis-server that follows the first one, as late as it is told to.
import { setTimeout as sleep } from "node:timers/promises";
import { LOOPBACK } from "../shared/ports.mjs";
import { RedisClient } from "./client.mjs";
import { ReplicationLink } from "./link.mjs";
import { startRedis } from "./server.mjs";

const SYNC_PATIENCE_MS = 10_000;
const CATCH_UP_PATIENCE_MS = 2_000;

/**
 * Returns {port, command(...args), lag(ms), hold(), release(), offset(), primaryOffset(), catchUp(offset?), promote(),
 * stop()}. Offsets count the bytes of replication: what the replica has applied, what the primary has written.
 * catchUp() waits until the replica has applied as much, or the primary's newest, past any lag and hold.
 */
export async function startReplica({ primaryPort, port } = {}) {
  const primary = new RedisClient(primaryPort);
  const link = new ReplicationLink(primaryPort);
  await link.start();
  let server;
  const stop = async () => {
    await server?.stop();
    await link.stop();
    primary.close();
  };
  try {
    server = await startRedis({ port, settings: ["--replicaof", LOOPBACK, String(link.port)] });
    await until(async () => (await replication(server)).master_link_status === "up", SYNC_PATIENCE_MS, "synchronized");
  } catch (error) {
    await stop();
    throw error;
  }
  const offset = async () => Number((await replication(server)).slave_repl_offset);
  const primaryOffset = async () => Number((await replication(primary)).master_repl_offset);
  return {
    port: server.port,
    command: server.command,
    lag: (ms) => link.lag(ms),
    hold: () => link.hold(),
    release: () => link.release(),
    offset,
    primaryOffset,
    catchUp: async (wanted) => {
      const least = wanted ?? (await primaryOffset());
      const hasIt = async () => {
        if ((await offset()) >= least) return true;
        link.flush();
        return false;
      };
      await until(hasIt, CATCH_UP_PATIENCE_MS, `at offset ${least}`);
    },
    /** The replica stops following and takes writes: what it had not heard of is lost. */
    promote: () => server.command("REPLICAOF", "NO", "ONE"),
    stop,
  };
}

async function replication(server) {
  const text = await server.command("INFO", "replication");
  return Object.fromEntries(text.split("\r\n").filter((line) => line.includes(":")).map((line) => line.split(":")));
}

async function until(isSo, patienceMs, what) {
  const end = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`the replica is not ${what} after ${patienceMs} ms`);
    await sleep(2);
  }
}
