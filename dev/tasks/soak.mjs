// A soak: clients without pause, faults that come and go, invalidations, cron runs and a catalog that changes, over
// real servers. After the first answer every one must be a whole listing of one snapshot. SOAK_SECONDS says for how long.
import { setTimeout as sleep } from "node:timers/promises";
import { startWorker } from "../../tests/worker/harness.mjs";
import { startStack } from "../stack/index.mjs";

const SECONDS = Number(process.env.SOAK_SECONDS ?? 600);
const CLIENTS = 8;
const FAULT_EVERY_MS = 3_000;
const ADMIN_TOKEN = "soak-admin-token";

const FAULTS = {
  upstash: [
    { fault: "latency", ms: 400 },
    { fault: "hang" },
    { fault: "hang-body" },
    { fault: "reset" },
    { fault: "truncate" },
    { fault: "garbage" },
    { fault: "drip", bytes: 2_000, ms: 5 },
    { fault: "status", status: 429, body: "{}" },
    { fault: "status", status: 400, body: '{"error":"ERR max daily request limit exceeded"}' },
  ],
  supabase: [
    { fault: "latency", ms: 1_500 },
    { fault: "hang" },
    { fault: "reset" },
    { fault: "truncate" },
    { fault: "garbage" },
    { fault: "status", status: 500, body: '{"code":"57014","message":"canceling statement due to statement timeout"}' },
    { fault: "status", status: 503, body: '{"code":"PGRST002","message":"schema cache"}' },
  ],
};

const pick = (several) => several[Math.floor(Math.random() * several.length)];

function query() {
  const parameters = new URLSearchParams({ limit: "1000", sort_by: pick(["provider_count", "name", "cheapest_price"]), order: pick(["asc", "desc"]) });
  const minimum = pick([undefined, 1, 2, 3, 4, 5, 99]);
  if (minimum !== undefined) parameters.set("min_providers", String(minimum));
  if (Math.random() < 0.2) parameters.set("include_inactive", "true");
  return parameters.toString();
}

// Every description names the catalog's version, so that a mixture shows.
function check(answer, asked) {
  if (answer.status !== 200) return `status ${answer.status}`;
  const { models, total } = answer.body;
  if (models.length !== total) return `${models.length} of ${total} models`;
  if (total === 0 && !asked.includes("min_providers=99")) return "an empty listing";
  const versions = new Set(models.flatMap((model) => model.providers.map((offer) => offer.description)));
  return versions.size > 1 ? `a mixture of ${[...versions].join(", ")}` : undefined;
}

const seen = { answers: 0, HIT: 0, STALE: 0, MISS: 0, faults: 0, slowest_ms: 0, latencies: [] };
const wrong = [];

async function client(worker, end) {
  while (Date.now() < end) {
    const asked = query();
    const begun = performance.now();
    const answer = await worker.get(`/models/unique?${asked}`);
    const took = performance.now() - begun;
    const fault = check(answer, asked);
    if (fault) wrong.push(`${asked}: ${fault}`);
    seen.answers += 1;
    seen[answer.headers["x-cache"]] += 1;
    seen.slowest_ms = Math.max(seen.slowest_ms, Math.round(took));
    seen.latencies.push(took);
    await sleep(10);
  }
}

async function trouble(stack, worker, end) {
  let version = 1;
  const post = (path, body) =>
    worker.fetch(path, { method: "POST", body, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }).then((response) => response.text());
  while (Date.now() < end) {
    const [name, faults] = pick(Object.entries(FAULTS));
    stack.proxies[name].set(pick(faults));
    seen.faults += 1;
    await sleep(FAULT_EVERY_MS * Math.random());
    stack.proxies[name].clear();
    await pick([
      () => worker.cron(),
      () => post("/api/system/cache/clear", '{"cache_type":"unique_models","mode":"soft"}'),
      () => post("/api/system/cache/clear", '{"cache_type":"unique_models"}'),
      () => stack.database.query("UPDATE models SET description = $1", [`v${++version}`]),
      () => stack.redis.command("FLUSHALL"),
      () => sleep(500),
    ])();
  }
}

const stack = await startStack({ seed: true, faults: true });
await stack.database.query("UPDATE models SET description = 'v1'");
// Short lifetimes, so that a minute sees what takes hours.
const worker = await startWorker(stack, { ADMIN_TOKEN, CACHE_TTL_SECONDS: "10", REVALIDATE_SECONDS: "5", MEMORY_TTL_SECONDS: "1" });
try {
  for (const scope of ["", "?include_inactive=true"]) {
    const first = await worker.get(`/models/unique${scope}`);
    if (first.status !== 200) throw new Error(`the first answer is ${first.status}`);
  }
  await worker.cron();
  const end = Date.now() + SECONDS * 1000;
  await Promise.all([trouble(stack, worker, end), ...Array.from({ length: CLIENTS }, () => client(worker, end))]);
  const sorted = seen.latencies.sort((a, b) => a - b);
  const at = (share) => `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`;
  process.stdout.write(
    `[soak] ${SECONDS} s: ${seen.answers} answers (${seen.HIT} hit, ${seen.STALE} stale, ${seen.MISS} miss) under ${seen.faults} faults; ` +
      `p50 ${at(0.5)}, p99 ${at(0.99)}, slowest ${seen.slowest_ms} ms; ${wrong.length} wrong\n`,
  );
} finally {
  await worker.stop();
  await stack.stop();
}
if (wrong.length > 0 || seen.answers === 0) {
  process.stderr.write(`[soak] wrong answers:\n${[...new Set(wrong)].slice(0, 20).join("\n")}\n`);
  process.exit(1);
}
process.exit(0);
