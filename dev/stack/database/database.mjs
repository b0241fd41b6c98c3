// The origin's database: PGlite in memory, its socket server, and the real PostgREST over it.
import { PGlite } from "@electric-sql/pglite";
import { pgcrypto } from "@electric-sql/pglite/contrib/pgcrypto";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { startChild, untilReady } from "../shared/children.mjs";
import { choosePort, LOOPBACK } from "../shared/ports.mjs";
import { roleKey } from "./jwt.mjs";
import { postgrestBinary } from "./postgrest.mjs";
import { loadTables } from "./tables.mjs";
import { Turnstile } from "./turnstile.mjs";

const SCHEMA = new URL("schema.sql", import.meta.url);
const SUPABASE_MAX_ROWS = 1000;

/**
 * Starts database and PostgREST; `port` is PostgREST's.
 * Returns {port, url, postgresPort, keys: {anon, serviceRole}, query(sql, params), run(script), load(tables), stop()}.
 */
export async function startDatabase({ port, tables, maxRows = SUPABASE_MAX_ROWS } = {}) {
  const binary = postgrestBinary();
  const postgrestPort = await choosePort(port);
  const postgres = await PGlite.create({ extensions: { pgcrypto } });
  await postgres.exec(await readFile(SCHEMA, "utf8"));
  const turnstile = new Turnstile(postgres);
  const load = (rows) => loadTables((work) => turnstile.run((db) => transact(db, work)), rows);
  if (tables) await load(tables);

  const postgresPort = await choosePort();
  // A pool replaces its connection before the old one is gone, hence more than the one that is used.
  const socketServer = new PGLiteSocketServer({
    db: turnstile.socketSide(),
    host: LOOPBACK,
    port: postgresPort,
    maxConnections: 8,
  });
  await socketServer.start();

  const jwtSecret = randomBytes(32).toString("hex");
  const postgrest = startChild(binary, [], {
    env: postgrestEnv({ postgrestPort, postgresPort, jwtSecret, maxRows }),
  });
  const url = `http://${LOOPBACK}:${postgrestPort}`;
  const stop = async () => {
    await postgrest.stop();
    await socketServer.stop();
    // Not through the turnstile: a PostgREST that was cut off may still hold the turn.
    if (!postgres.closed) await postgres.close();
  };
  try {
    await untilReady(postgrest, () => answers(`${url}/providers?limit=0`));
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    port: postgrestPort,
    url,
    postgresPort,
    keys: { anon: roleKey("anon", jwtSecret), serviceRole: roleKey("service_role", jwtSecret) },
    load,
    run: (script) => turnstile.run((db) => db.exec(script)),
    query: (sql, params) => turnstile.run(async (db) => (await db.query(sql, params)).rows),
    stop,
  };
}

function transact(db, work) {
  return db.transaction((transaction) => work((sql, params) => transaction.query(sql, params)));
}

function postgrestEnv({ postgrestPort, postgresPort, jwtSecret, maxRows }) {
  return {
    LANG: "C.UTF-8",
    PGRST_DB_URI: `postgresql://postgres@${LOOPBACK}:${postgresPort}/postgres?sslmode=disable`,
    PGRST_DB_SCHEMAS: "public",
    PGRST_DB_ANON_ROLE: "anon",
    PGRST_DB_POOL: "1",
    PGRST_DB_CHANNEL_ENABLED: "false",
    PGRST_DB_PREPARED_STATEMENTS: "false",
    PGRST_DB_MAX_ROWS: String(maxRows),
    PGRST_JWT_SECRET: jwtSecret,
    PGRST_SERVER_HOST: LOOPBACK,
    PGRST_SERVER_PORT: String(postgrestPort),
  };
}

async function answers(url) {
  try {
    const response = await fetch(url, { headers: { connection: "close" } });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
