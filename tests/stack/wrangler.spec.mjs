// What a deployment takes from wrangler.toml.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { experimental_readRawConfig as readRawConfig, unstable_readConfig as readConfig } from "wrangler";

const path = fileURLToPath(new URL("../../wrangler.toml", import.meta.url));
const wrangler = join(createRequire(import.meta.url).resolve("wrangler/package.json"), "..", "bin", "wrangler.js");
const read = (env) => readConfig({ config: path, env });

test("a deployment leaves alone what the dashboard or a rollback set", () => {
  const config = read();
  assert.equal(config.keep_vars, true);
  assert.deepEqual(config.vars, {}, "a var that is named here, even an empty one, replaces the dashboard's");
});

test("each environment has what none of them inherits, and what all of them do", () => {
  const { rawConfig } = readRawConfig({ config: path });
  const names = Object.keys(rawConfig.env);
  assert.deepEqual(names, ["staging", "production"]);
  const limits = new Set();
  for (const name of names) {
    const config = read(name);
    assert.equal(config.name, `model-catalog-edge-${name}`);
    assert.equal(config.keep_vars, true);
    assert.deepEqual({ ...config.vars }, { EDGE_MODE: "kv" });
    assert.deepEqual(config.triggers, read().triggers);
    assert.ok(config.limits.cpu_ms >= 1000);
    assert.deepEqual({ ...config.observability.logs }, { enabled: true, head_sampling_rate: 1, invocation_logs: false });
    assert.deepEqual(config.kv_namespaces.map(({ binding }) => binding), ["CATALOG_KV"]);
    assert.deepEqual(config.secrets.required, ["UPSTASH_REDIS_REST_TOKEN", "SUPABASE_SERVICE_ROLE_KEY", "ADMIN_TOKEN"]);
    assert.equal(config.ratelimits[0].name, "OPERATORS_RATE_LIMIT");
    limits.add(config.ratelimits[0].namespace_id);
  }
  assert.equal(limits.size, names.length, "environments of one account do not share a limit");
  // With required secrets wrangler's local Worker would be given those alone, and `npm start` has more.
  assert.equal(read().secrets, undefined);
});

test("a cache in front is shipped off, and an environment that has one can be deployed", () => {
  for (const name of [undefined, "staging", "production"]) assert.equal(read(name).cache.enabled, false);
  const folder = mkdtempSync(join(tmpdir(), "front-"));
  try {
    const { rawConfig } = readRawConfig({ config: path });
    const { build, ...config } = structuredClone(rawConfig);
    Object.assign(config.env.staging, { cache: { enabled: true }, vars: { WORKERS_CACHE: "on" } });
    config.main = join(folder, "worker.js");
    config.assets.directory = join(folder, "assets");
    mkdirSync(config.assets.directory);
    writeFileSync(config.main, "export default { fetch: () => new Response() };");
    writeFileSync(join(folder, "wrangler.json"), JSON.stringify(config));
    const { status, stdout, stderr } = spawnSync(process.execPath, [wrangler, "deploy", "--dry-run", "--env", "staging"], { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /env\.WORKERS_CACHE \("on"\)/);
    assert.doesNotMatch(stdout + stderr, /Unexpected fields|WARNING/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("every route of the API is asked of the Worker first, and no page of the assets is", () => {
  const matchers = read().assets.run_worker_first.map((pattern) => new RegExp(`^${pattern.replaceAll(/[.?+]/g, "\\$&").replaceAll("*", ".*")}$`));
  const isFirst = (route) => matchers.some((matcher) => matcher.test(route));
  const { paths } = JSON.parse(readFileSync(new URL("../../src/http/openapi/made/openapi.json", import.meta.url), "utf8"));
  assert.ok(Object.keys(paths).length > 10);
  for (const route of Object.keys(paths)) assert.ok(isFirst(route), route);
  for (const page of ["/console", "/assets/catalog-main-0123ABCD.js"]) assert.ok(!isFirst(page), page);
  for (const name of ["staging", "production"]) assert.deepEqual(read(name).assets, read().assets);
});

test("every secret is in .dev.vars.example, and no value", () => {
  const text = readFileSync(new URL("../../.dev.vars.example", import.meta.url), "utf8");
  const given = parseEnv(text.replaceAll(/^# (?=[A-Z_]+=$)/gm, ""));
  assert.deepEqual(Object.keys(given).sort(), ["ADMIN_TOKEN", "ADMIN_TOKEN_NEXT", "METRICS_TOKEN", "SUPABASE_SERVICE_ROLE_KEY", "UPSTASH_REDIS_REST_TOKEN", "WEBHOOK_SECRET"]);
  assert.deepEqual(Object.values(given).filter(Boolean), []);
  for (const name of read("production").secrets.required) assert.ok(name in parseEnv(text), name);
});
