// The Worker and its OpenAPI document: the document is valid, schemathesis finds no request that is answered otherwise than it says, and neither
// are outages and refusals, which schemathesis cannot bring about. `OPENAPI_SEED` and `OPENAPI_EXAMPLES` choose other requests, and more.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startStack } from "../../dev/stack/index.mjs";
import { toolBin } from "../../dev/tools.mjs";
import { SCHEMATHESIS } from "../../dev/versions.mjs";
import { eventually } from "./harness.mjs";
import { withWorker } from "./support.mjs";
import { readVectors } from "./vectors.mjs";
import { startWorkerd } from "./workerd.mjs";

const { OPENAPI_SEED = "1", OPENAPI_EXAMPLES = "15" } = process.env;
const ADMIN_TOKEN = "openapi-admin-token-0123456789";
const WEBHOOK_SECRET = "openapi-webhook-secret-0123456789";
const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };
const MODELS = "/models/unique";
const CLEAR = "/api/system/cache/clear";
const WARM = "/api/system/cache/warm";
const HOOK = "/api/webhooks/supabase";
const STATS = "/api/system/cache/stats";
const TOOLS = join(dirname(fileURLToPath(import.meta.url)), "openapi");

let stack, worker, document, folder, known;

before(async () => {
  stack = await startStack({ tables: readVectors("tiny").tables, kv: true });
  worker = await startWorkerd(stack, { ADMIN_TOKEN, WEBHOOK_SECRET });
  // What every provider has is loaded some at a time.
  await eventually(async () => (await worker.get("/v1/models")).status === 200, "the catalogs of all providers");
  const { data } = (await worker.get("/v1/models")).body;
  const [developer, ...model] = data.find(({ id }) => id.includes("/")).id.split("/");
  const { name } = (await worker.get(MODELS)).body.models[0];
  known = { name, slug: data[0].source_gateway, developer, model: model.join("/") };
  document = await (await fetch(new URL("/openapi.json", worker.url))).json();
  folder = mkdtempSync(join(tmpdir(), "openapi-"));
});
after(async () => {
  await worker?.stop();
  await stack?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test("the document is OpenAPI 3.1", async () => {
  assert.match(document.openapi, /^3\.1\./);
  const file = join(folder, "openapi.json");
  writeFileSync(file, JSON.stringify(document));
  await runs("openapi-spec-validator", ["--errors", "all", "--schema", "3.1", file]);
});

test("whatever it allows is answered as it says", { timeout: 600_000 }, async () => {
  const args = ["--config-file", join(TOOLS, "schemathesis.toml"), "run", "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"];
  args.push("--seed", OPENAPI_SEED, "--max-examples", OPENAPI_EXAMPLES, "--generation-database", "none", "--no-color");
  const shown = await runs("schemathesis", [...args, String(new URL("/openapi.json", worker.url))]);
  for (const phase of ["Examples", "Coverage", "Fuzzing", "Stateful"]) assert.match(shown, new RegExp(`✅.*${phase}`), shown);
});

test("so are those who have it, make mistakes, or may not", async () => {
  const answers = [];
  const ask = async (status, method, path, headers, body) => answers.push(await answer(worker, status, method, path, headers, body));
  for (const path of ["/", MODELS, "/v1/models/unique?limit=2&offset=1", "/openapi.json", "/docs", "/healthz", "/readyz"]) {
    for (const method of ["GET", "HEAD"]) await ask(200, method, path);
    await ask(204, "OPTIONS", path, { origin: "https://page.example" });
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) await ask(405, method, path);
  }
  await ask(200, "GET", "/", { accept: "text/html" });
  for (const path of [MODELS, "/openapi.json", "/docs"]) {
    for (const method of ["GET", "HEAD"]) await ask(304, method, path, { "if-none-match": "*" });
  }
  await ask(422, "GET", `${MODELS}?limit=0&offset=-1&min_providers=x&order=up&include_inactive=maybe`);
  await ask(422, "HEAD", `${MODELS}?limit=0`);
  await ask(404, "GET", "/nothing");
  await ask(200, "GET", "/readyz", AUTHORIZED);
  for (const method of ["GET", "HEAD"]) await ask(200, method, "/metrics", AUTHORIZED);
  await ask(401, "GET", "/metrics");
  const sender = { "x-webhook-secret": WEBHOOK_SECRET };
  await ask(202, "POST", HOOK, sender, '{"type":"UPDATE","table":"models","schema":"public"}');
  await ask(200, "POST", HOOK, sender, '{"type":"UPDATE","table":"users","schema":"public"}');
  await ask(400, "POST", HOOK, sender, "{");
  await ask(401, "POST", HOOK, {}, "{");
  await ask(413, "POST", HOOK, sender, " ".repeat(1_048_577));
  await ask(204, "OPTIONS", HOOK);
  for (const [method, path] of [["POST", CLEAR], ["POST", WARM], ["GET", STATS], ["HEAD", STATS]]) {
    await ask(401, method, path);
    await ask(204, "OPTIONS", path);
    await ask(405, "DELETE", path, AUTHORIZED);
  }
  await ask(200, "POST", CLEAR, AUTHORIZED, '{"cache_type":"all"}');
  for (const path of [CLEAR, WARM]) {
    await ask(413, "POST", path, AUTHORIZED, " ".repeat(4097));
    await ask(422, "POST", path, AUTHORIZED, "{");
    await ask(422, "POST", path, AUTHORIZED, '{"mode":1,"force":1}');
  }
  await ask(200, "POST", WARM, AUTHORIZED);
  for (const method of ["GET", "HEAD"]) await ask(200, method, STATS, AUTHORIZED);
  await areDescribed(answers);
});

test("so are deployments that forbid writing, have no operators, or lack settings", async () => {
  const answers = [];
  const ask = (vars, status, method, path) =>
    withWorker(stack, vars, async (other) => answers.push(await answer(other, status, method, path, AUTHORIZED, '{"cache_type":"all"}')), startWorkerd);
  await ask({ ADMIN_TOKEN, EDGE_MODE: "read_only" }, 409, "POST", CLEAR);
  await ask({}, 404, "POST", CLEAR);
  await ask({ SUPABASE_URL: null }, 500, "POST", WARM);
  await areDescribed(answers);
});

test("so are outages", async () => {
  await stack.redis.command("FLUSHALL");
  await Promise.all([stack.supabase.stop(), stack.upstash.stop()]);
  await withWorker(stack, { ADMIN_TOKEN, CACHE_NAMESPACE: "outage:" }, async (cold) => {
    const answers = [];
    for (const method of ["GET", "HEAD"]) answers.push(await answer(cold, 504, method, MODELS, { "cache-control": "only-if-cached" }));
    for (const method of ["GET", "HEAD"]) answers.push(await answer(cold, 503, method, MODELS));
    answers.push(await answer(cold, 503, "POST", CLEAR, AUTHORIZED, '{"cache_type":"all"}'));
    answers.push(await answer(cold, 200, "POST", WARM, AUTHORIZED));
    answers.push(await answer(cold, 200, "GET", STATS, AUTHORIZED));
    await areDescribed(answers);
  }, startWorkerd);
});

test("the pages load nothing and run nothing, and their policy lets their style in", async () => {
  for (const [path, headers] of [["/", { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" }], ["/docs", {}]]) {
    const page = await answer(worker, 200, "GET", path, headers);
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
    assert.ok(Buffer.byteLength(page.body) <= 36_000, `${page.body.length}`);
    const styles = [...page.body.matchAll(/<style>([^]*?)<\/style>/g)].map(([, style]) => createHash("sha256").update(style).digest("base64"));
    assert.deepEqual(styles.length, 1);
    assert.ok(page.headers["content-security-policy"].startsWith(`default-src 'none'; style-src 'sha256-${styles[0]}';`));
    assert.doesNotMatch(page.body, /<script|\sstyle=|\son\w+=|<link|\ssrc=|url\(|@import/);
    const links = [...page.body.matchAll(/href="([^"]+)"/g)].map(([, to]) => to);
    assert.ok(links.length >= 3);
    for (const to of links) {
      if (to.startsWith("#")) assert.ok(page.body.includes(`id="${to.slice(1)}"`), to);
      else await answer(worker, 200, "GET", to);
    }
  }
});

async function answer({ url }, status, method, path, headers = {}, body = undefined) {
  const sent = { "accept-encoding": "identity", ...headers };
  const response = await fetch(new URL(path, url), { method, headers: sent, body: method === "POST" ? body : undefined });
  const text = await response.text();
  assert.equal(response.status, status, `${method} ${path}: ${text}`);
  return { method, path, status, headers: Object.fromEntries(response.headers), body: text };
}

function areDescribed(answers) {
  return runs("python", [join(TOOLS, "answers.py")], JSON.stringify({ document, answers }));
}

// Not spawnSync: the servers of the stack live in this process.
async function runs(tool, args, input = "") {
  const python = { PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1", SCHEMATHESIS_HOOKS: join(TOOLS, "hooks.py") };
  const env = { ...process.env, ADMIN_TOKEN, WEBHOOK_SECRET, KNOWN_MODEL: JSON.stringify(known), ...python };
  const child = spawn(toolBin("schemathesis", SCHEMATHESIS, tool), args, { cwd: folder, env });
  const parts = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => parts.push(bytes));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.on("close", resolve));
  const shown = Buffer.concat(parts).toString();
  assert.equal(code, 0, `${tool}\n${shown}`);
  return shown;
}
