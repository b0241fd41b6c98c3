// What the console says that was asked of Redis and KV, beside what their façades were asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../worker/harness.mjs";
import { readVectors } from "../worker/vectors.mjs";
import { lookNow, rowsOf, section, signedIn } from "./operators.mjs";
import { siteOf } from "./site.mjs";

// What a look itself asks is in part counted by the next one.
const LOOK = 3;
// Metrics are read once a minute.
const MINUTE_MS = 61_000;
const FIGURES = { "Redis commands": "commands", "KV reads": "reads", "KV writes": "writes" };

const site = siteOf({ kv: true, tables: readVectors("tiny").tables });

function asked() {
  const { commands } = site.stack.upstash.totals();
  const { reads, writes } = site.stack.kv.totals();
  return { commands, reads, writes };
}

// Until nothing is under way behind an answer any more.
async function settled() {
  let before;
  await eventually(async () => {
    const now = JSON.stringify(asked());
    const isSame = now === before;
    before = now;
    await new Promise((later) => setTimeout(later, 300));
    return isSame;
  }, "quiet");
}

async function figures(page) {
  await page.clock.runFor(MINUTE_MS);
  await lookNow(page);
  await settled();
  const rows = await rowsOf(section(page, "What it costs").getByRole("table").first());
  return Object.fromEntries(Object.entries(FIGURES).map(([name, unit]) => [unit, Number(/^[\d,]+/.exec(rows[name][0])?.[0].replaceAll(",", ""))]));
}

test("commands of Redis, reads and writes of KV are those that the servers were asked", async () => {
  const page = await signedIn(site, { prepare: (context) => context.clock.install() });
  await page.getByRole("button", { name: "Pause" }).click();
  await figures(page);
  const [shown, real] = [await figures(page), asked()];
  for (const round of [1, 2, 3]) {
    await site.api(`/models/unique?min_providers=${round}&sort_by=name`);
    await site.operator("/api/system/cache/clear", { method: "POST", body: '{"cache_type":"all"}' });
    await site.operator("/api/system/cache/warm", { method: "POST" });
  }
  await settled();
  const [shownThen, realThen] = [await figures(page), asked()];
  for (const unit of Object.values(FIGURES)) {
    const [grown, really] = [shownThen[unit] - shown[unit], realThen[unit] - real[unit]];
    assert.ok(really > LOOK, `${unit}: ${really} are too few to tell`);
    assert.ok(Math.abs(grown - really) <= LOOK, `${unit}: ${grown} are shown, ${really} were asked`);
  }
});
