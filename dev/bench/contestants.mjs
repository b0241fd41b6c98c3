// Who is measured: the built Worker, a Worker of constant bytes and an idiomatic one in plain workerd, and a plain Python
// service where FastAPI is there.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { startChild, untilReady } from "../stack/shared/children.mjs";
import { choosePort, LOOPBACK } from "../stack/shared/ports.mjs";
import { startWorkerd } from "../../tests/worker/workerd.mjs";
import { clientOf } from "./client.mjs";
import { namespaceOf, othersKeyOf } from "./servers.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(dirname(dirname(here)), "build", "bench");
const ADMIN_TOKEN = "bench-admin-token";

/**
 * The built Worker over a catalog; `vars` are its settings, `coloUrl` the cache of its data center, if it has one. A hit is
 * logged as seldom as when it is deployed.
 */
export async function startOurs(servers, models, vars = {}, { coloUrl } = {}) {
  const origin = await servers.origin(models);
  const settings = { ...origin.vars, CACHE_NAMESPACE: namespaceOf(models), LOG_HITS_ONE_IN: null, ADMIN_TOKEN, ORIGIN_TIMEOUT_MS: "25000" };
  return withClient(await startWorkerd(servers, { ...settings, ...vars }, { coloUrl }));
}

/** What the built Worker says of itself. */
export async function statisticsOf(worker) {
  const { body } = await worker.get("/api/system/cache/stats", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  return body;
}

/** The idiomatic JavaScript Worker over a catalog. */
export async function startJavascript(servers, models) {
  return withClient(await startWorkerd(servers, { CATALOG_KEY: othersKeyOf(models) }, { build: bundled("javascript") }));
}

/** The Worker that sends what was put into it. */
export async function startConstant(servers) {
  return withClient(await startWorkerd(servers, {}, { build: bundled("constant") }));
}

/** The Python service over all catalogs, or undefined where PYTHON (or python3) has no FastAPI; `say` hears why. */
export async function startPython(servers, say) {
  const python = process.env.PYTHON ?? "python3";
  if (spawnSync(python, ["-c", "import fastapi, redis, uvicorn"], { stdio: "ignore" }).status !== 0) {
    say(`FastAPI is skipped: ${python} has not all of fastapi, redis, uvicorn (PYTHON names another one)`);
    return undefined;
  }
  const port = await choosePort();
  const args = ["-m", "uvicorn", "backend:app", "--host", LOOPBACK, "--port", String(port), "--no-access-log", "--app-dir", join(here, "workers")];
  const env = { PATH: process.env.PATH, REDIS_PORT: String(servers.redis.port), PYTHONDONTWRITEBYTECODE: "1" };
  const child = startChild(python, args, { env });
  const url = new URL(`http://${LOOPBACK}:${port}`);
  const ready = () => fetch(url).then(() => true, () => false);
  await untilReady(child, ready);
  return withClient({ url, pid: child.subprocess.pid, stop: () => child.stop() });
}

function withClient(worker) {
  const client = clientOf(worker.url);
  return {
    ...worker,
    client,
    stop: async () => {
      client.close();
      await worker.stop();
    },
  };
}

function bundled(name) {
  const folder = join(built, name);
  mkdirSync(folder, { recursive: true });
  buildSync({
    entryPoints: [join(here, "workers", `${name}.js`)],
    outfile: join(folder, "index.js"),
    bundle: true,
    minify: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    logLevel: "warning",
  });
  return folder;
}
