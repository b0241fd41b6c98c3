// The largest catalogs on record: what isolates share of them, and what memory they take.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { grown } from "./catalogs.mjs";
import { assertWithin, clearJournals, costs, quiet } from "./cost.mjs";
import { eventually } from "./harness.mjs";
import { isolatesOver } from "./isolates.mjs";
import { startOrigin } from "./origin.mjs";
import { cacheStatus, hitOf, statistics } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "large-admin-token";
const PATH = "/models/unique?limit=100";
const SORTS = ["provider_count", "name", "cheapest_price"];
const COMBINATIONS = SORTS.flatMap((sort) =>
  ["asc", "desc"].flatMap((order) => [1, 2, 3, 4, 5, 10].map((minimum) => `${PATH}&sort_by=${sort}&order=${order}&min_providers=${minimum}`)),
);
// The index of all offers is read for it.
COMBINATIONS.push(`${PATH}&q=a&capability=streaming&facets=true&view=stable`);
const MEGABYTE = 1_000_000;
const BUDGETS = JSON.parse(readFileSync(new URL("../budgets.json", import.meta.url), "utf8"));
const { tables } = readVectors("mid");

let stack, origin;
const isolates = isolatesOver(() => stack, { vars: { ADMIN_TOKEN } });

before(async () => (stack = await startStack({ kv: true })));
after(() => stack?.stop());
beforeEach(() => isolates.renew());
afterEach(async () => {
  await isolates.stop();
  await origin?.stop();
  stack.upstash.limitRequests();
  clearJournals(stack);
});

async function withOffers(copies, use) {
  origin = await startOrigin(grown(tables, copies));
  return use((vars) => isolates.start({ ...origin.vars, ...vars }));
}

for (const [what, limit, tier] of [
  ["as Redis holds it packed", undefined, "upstash"],
  ["through KV where a request may hold a megabyte", MEGABYTE, "kv"],
]) {
  test(`13,500 offers: four isolates, one after the other, share one load, ${what}`, async () => {
    stack.upstash.limitRequests(limit);
    await withOffers(11, async (start) => {
      const redis = (command, name) => stack.redis.command(command, `${isolates.namespace}models:edge:${name}:active`);
      for (let born = 0; born < 4; born += 1) {
        const answer = await (await start()).get(PATH);
        assert.equal(answer.status, 200);
        assert.equal(hitOf(answer)?.tier, born === 0 ? undefined : tier, JSON.stringify(cacheStatus(answer)));
        await eventually(() => redis("EXISTS", "version"), "the version");
        await quiet(stack);
      }
      assert.equal(origin.loads(), 1);
      const version = JSON.parse(await redis("GET", "version"));
      assert.equal(version.place, tier === "kv" ? "kv" : "redis");
      assert.ok(version.bytes > 8.5 * MEGABYTE, `${version.bytes} bytes`);
      if (tier === "upstash") assert.ok((await redis("STRLEN", "snapshot")) < version.bytes / 3, "it is packed");
      // Some 9.2 MB would fit a request of 9.5 if their quotes were not escaped: how much that adds is beyond 32 bits on the way.
      const whole = await stack.redis.command("EXISTS", `${isolates.namespace}models:unique:filtered:sortprovider_count:desc`);
      assert.equal(whole, 0, "a listing that no request holds was sent");
    });
  });
}

test("a cold request of 5,000 offers stays far below a free plan's 50 subrequests", async () => {
  await withOffers(4, async (start) => {
    const worker = await start();
    clearJournals(stack);
    assert.equal((await worker.get(PATH)).headers["x-cache"], "MISS");
    await quiet(stack);
    const { redis, kv } = costs(stack);
    const sum = redis.requests + kv.requests + origin.requests.length;
    assert.ok(sum <= 40, `${sum} subrequests: ${redis.requests}, ${kv.requests}, ${origin.requests.length}`);
  });
});

describe("memory", { skip: process.platform !== "linux" && "only /proc tells" }, () => {
  for (const [copies, offers, event, grownMax] of [
    [11, "13,500", "Wasm at 13,000 offers", 200],
    [25, "30,000", "Wasm at 30,000 offers", Infinity],
  ]) {
    test(`of ${offers} offers, after warm runs and with all combinations used`, async () => {
      await withOffers(copies, async (start) => {
        const worker = await start({ ORIGIN_TIMEOUT_MS: "25000" });
        await worker.get("/");
        const before = worker.residentBytes().now;
        const seen = [];
        const look = async (what) => {
          const { isolate } = await statistics(worker, ADMIN_TOKEN);
          seen.push(`${what}: ${mb(worker.residentBytes().now - before)} MB, wasm ${mb(isolate.wasm_memory_bytes)}`);
          return isolate;
        };
        await worker.cron();
        await look("a warm run");
        for (const path of COMBINATIONS) assert.equal((await worker.get(path)).headers["x-cache"], "HIT", path);
        await look("all combinations");
        await worker.cron();
        await look("the same content");
        origin.change();
        await worker.cron();
        for (const path of COMBINATIONS) assert.equal((await worker.get(path)).headers["x-cache"], "HIT", path);
        const { wasm_memory_bytes: wasm } = await look("other content");
        const growth = worker.residentBytes().peak - before;
        seen.push(`peak: ${mb(growth)} MB`);
        assert.ok(wasm <= BUDGETS[event]["wasm.bytes"], seen.join("\n"));
        assert.ok(growth <= grownMax * MEGABYTE, seen.join("\n"));
        process.stdout.write(`[large] ${offers} offers: ${seen.join("; ")}\n`);
      });
    });
  }
});

function mb(bytes) {
  return Math.round(bytes / MEGABYTE);
}
