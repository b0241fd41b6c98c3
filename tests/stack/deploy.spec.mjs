// What `npm run deploy` asks wrangler, and understands of its answers. The account is a stand-in, wrangler is not.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findOrMakeNamespace, missingIn, missingSecrets, namespaceIn } from "../../dev/deploy/account.mjs";
import { addressIn, versionIn } from "../../dev/deploy/report.mjs";
import { startAccount } from "./account.mjs";

test("a namespace is found by its whole title", () => {
  const listing = JSON.stringify([
    { id: "a", title: "edge-staging-catalog-kv-2" },
    { id: "b", title: "edge-staging-catalog-kv", supports_url_encoding: true },
  ]);
  assert.equal(namespaceIn(listing, "edge-staging-catalog-kv"), "b");
  assert.equal(namespaceIn(listing, "edge-staging"), undefined);
  assert.equal(namespaceIn("[]", "edge-staging-catalog-kv"), undefined);
});

test("a secret is set by the account or by the file", () => {
  const listing = '[{"name":"A","type":"secret_text"}]';
  for (const [file, missing] of [
    ["", ["B", "C"]],
    ["# of staging\nB=one\nC=\n", ["C"]],
    ['B="one two"\nexport C=two', []],
    ['{"B":"one","C":"two"}', []],
    ['{"B":"one","C":null}', ["C"]],
  ]) {
    assert.deepEqual(missingIn(["A", "B", "C"], listing, file), missing, file);
  }
});

test("the address is that of the newest deployment, and a domain of one's own before workers.dev", () => {
  const report = (...targets) => `{"type":"wrangler-session"}\n${JSON.stringify({ type: "deploy", targets })}\n`;
  for (const [targets, address] of [
    [["https://edge.me.workers.dev", "schedule: */10 * * * *"], "https://edge.me.workers.dev"],
    [["https://edge.me.workers.dev", "models.example (custom domain)"], "https://models.example"],
    [["models.example/* (zone name: models.example)", "schedule: */10 * * * *"], "https://models.example"],
    [["models.example (custom domain - zone name: models.example)"], "https://models.example"],
    [["*.models.example/*"], undefined],
    [["models.example/v1/*"], undefined],
    [["schedule: */10 * * * *", "...and 3 more routes", "Consumer for queue"], undefined],
    [[], undefined],
  ]) {
    assert.equal(addressIn(report(...targets)), address, targets.join());
  }
  assert.equal(addressIn(report("https://old.workers.dev") + report("https://new.workers.dev")), "https://new.workers.dev");
  assert.equal(addressIn(""), undefined);
  assert.equal(versionIn('{"type":"version-upload","version_id":"a"}\n{"type":"version-upload","version_id":"b"}\n'), "b");
  assert.equal(versionIn(report("https://edge.me.workers.dev")), undefined);
});

describe("of an account", () => {
  let account;
  before(async () => {
    account = await startAccount({ edge: ["UPSTASH_REDIS_REST_TOKEN"] });
    Object.assign(process.env, account.env);
  });
  after(() => account?.stop());

  test("a namespace is made once, and found from then on", async () => {
    const made = await findOrMakeNamespace("edge-catalog-kv");
    assert.deepEqual(account.namespaces, [{ id: made, title: "edge-catalog-kv" }]);
    assert.equal(await findOrMakeNamespace("edge-catalog-kv"), made);
    assert.equal(account.namespaces.length, 1);
  });

  test("secrets that nobody set are named, all of them of a Worker that does not exist", async () => {
    const folder = mkdtempSync(join(tmpdir(), "deploy-"));
    const file = join(folder, "secrets");
    writeFileSync(file, "ADMIN_TOKEN=of-the-file\n");
    const required = ["UPSTASH_REDIS_REST_TOKEN", "SUPABASE_SERVICE_ROLE_KEY", "ADMIN_TOKEN"];
    try {
      assert.deepEqual(await missingSecrets(required, "edge", file), ["SUPABASE_SERVICE_ROLE_KEY"]);
      assert.deepEqual(await missingSecrets(required, "another"), required);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("what an account refuses ends the deployment, with wrangler's own words", async () => {
    account.refuses = true;
    await assert.rejects(missingSecrets(["ADMIN_TOKEN"], "edge"), /^Error: wrangler secret list failed:[^]*Authentication error/);
  });
});

describe("without an account", () => {
  const task = fileURLToPath(new URL("../../dev/tasks/release/deploy.mjs", import.meta.url));
  const deploy = (...args) => deployFrom(undefined, ...args);
  const deployFrom = (cwd, ...args) =>
    spawnSync(process.execPath, [task, ...args], { cwd, encoding: "utf8", env: { ...process.env, ADMIN_TOKEN: "" } });

  test("each environment can be deployed, as far as a dry run can tell", () => {
    for (const [name, ...how] of [["staging"], ["production", "--upload"]]) {
      const { status, stdout, stderr } = deploy("--env", name, "--dry-run", "--prebuilt", ...how);
      assert.equal(status, 0, stderr);
      for (const binding of ["env.CATALOG_KV", "env.OPERATORS_RATE_LIMIT (60 requests/60s)"]) assert.ok(stdout.includes(binding), stdout);
      assert.match(stdout, new RegExp(`model-catalog-edge-${name} is not deployed, and no account was asked\\s*$`));
    }
  });

  test("what differs from its commit is not deployed, nor what cannot be warmed", () => {
    const checkout = mkdtempSync(join(tmpdir(), "deploy-"));
    try {
      spawnSync("git", ["init", "--quiet", checkout]);
      const clean = deployFrom(checkout, "--env", "staging", "--prebuilt");
      assert.match(clean.stderr, /^\[deploy\] ADMIN_TOKEN is not set in this shell/);
      writeFileSync(join(checkout, "changed"), "");
      const dirty = deployFrom(checkout, "--env", "staging", "--prebuilt");
      assert.match(dirty.stderr, /^\[deploy\] these files differ from the commit:\n\?\? changed\n/);
      assert.deepEqual([clean.status, dirty.status], [1, 1]);
    } finally {
      rmSync(checkout, { recursive: true, force: true });
    }
  });

  test("an environment has to be chosen", () => {
    for (const args of [["--env", "live"], ["--env", "staging", "--force"]]) {
      const { status, stderr } = deploy(...args);
      assert.equal(status, 1, args.join(" "));
      assert.match(stderr, /^\[deploy\] (--env must be one of: staging, production|Unknown option '--force')/, args.join(" "));
    }
  });
});
