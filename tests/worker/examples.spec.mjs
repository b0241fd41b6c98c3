// The examples do what they say, against the Worker over the local stack.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { after, before, test } from "node:test";
import { follow, read } from "../../examples/follow_changes.mjs";
import { startStack } from "../../dev/stack/index.mjs";
import { eventually, startWorker } from "./harness.mjs";

const KEY = "models:unique:filtered:sortprovider_count:desc";
const PYTHON = "python3";
const hasPython = spawnSync(PYTHON, ["--version"], { stdio: "ignore" }).status === 0;
const example = (name) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const run = promisify(execFile);

let stack, worker;

before(async () => {
  stack = await startStack({ seed: true });
  worker = await startWorker(stack);
});
after(async () => {
  await worker?.stop();
  await stack?.stop();
});

test("every_model.mjs walks all pages, each model once", async () => {
  const base = worker.url.href.replace(/\/$/, "");
  const { stdout, stderr } = await run(process.execPath, [example("every_model.mjs"), base]);
  const listing = await worker.get("/models/unique?limit=1000&sort_by=cheapest_price&order=asc");
  assert.ok(listing.body.total > 400, "several pages");
  assert.equal(stderr, `${listing.body.total} models\n`);
  const names = stdout.trimEnd().split("\n").map((line) => line.split("\t")[0]);
  assert.deepEqual(names, listing.body.models.map(({ name }) => name));
  const few = await run(process.execPath, [example("every_model.mjs"), base, "5"]);
  const wide = await worker.get("/models/unique?min_providers=5");
  assert.equal(few.stderr, `${wide.body.total} models\n`);
});

test("follow_changes.mjs has the catalog after any change", async () => {
  const base = worker.url.href.replace(/\/$/, "");
  const warm = async () => {
    await worker.cron();
    await new Promise((later) => setTimeout(later, 5200));
  };
  await warm();
  let copy = await read(base);
  const changed = [
    "update models set health_status = 'down', metadata = jsonb_set(metadata, '{pricing_raw,prompt}', '\"0.5\"') where id % 7 = 0",
    "delete from unique_models_provider where id % 11 = 0",
    "update unique_models set model_name = model_name || ' / ~ new' where id % 50 = 0",
  ];
  for (const sql of changed) {
    await stack.database.run(sql);
    await warm();
    const types = new Set();
    copy = await follow(base, copy, ({ type }) => types.add(type));
    assert.ok(types.size > 0, sql);
    const now = await read(base);
    assert.equal(copy.version, now.version);
    assert.deepEqual(new Map([...copy.models].sort()), new Map([...now.models].sort()));
  }
});

test("shared_redis.py reads what the Worker published", { skip: !hasPython && "there is no Python" }, async () => {
  await eventually(() => stack.redis.command("EXISTS", KEY), "publication");
  const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${stack.redis.port}` };
  const { stdout } = await run(PYTHON, [example("shared_redis.py")], { env });
  const listing = await worker.get("/models/unique?limit=10");
  assert.match(stdout, new RegExp(`^${listing.body.total} models, for 1[78]\\d\\d s more\n`));
  for (const { name } of listing.body.models) assert.ok(stdout.includes(name), name);
  await assert.rejects(run(PYTHON, [example("shared_redis.py"), "models:none"], { env }), /models:none is not there/);
});
