// The shared tiers under the console: what it says that they were asked is what they were, and each is broken by its fault proxy and
// mended again; what the console says meanwhile, and what visitors still see.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../worker/harness.mjs";
import { allModels, fewTables } from "./records.mjs";
import { card, lookNow, rowsOf, section, signedIn } from "./operators.mjs";
import { siteOf } from "./site.mjs";

const RED_MS = 10_000;
// A breaker that opened is tried again after a while, and readiness is asked once in five seconds.
const GREEN_MS = 45_000;
const TIERS = [
  { proxy: "upstash", name: "Redis" },
  { proxy: "kv", name: "KV" },
  { proxy: "supabase", name: "Origin" },
];

// What a look itself asks: a part of it may be counted by the next one.
const LOOK = 8;
const ROUNDS = 10;
// Metrics are read once a minute.
const MINUTE_MS = 61_000;
const FIGURES = { "Redis commands": "commands", "KV reads": "reads", "KV writes": "writes" };

const site = siteOf({ kv: true, tables: fewTables() });

const verdict = (page, name) => card(page, name).locator(".badge");
const others = (name) => TIERS.filter((tier) => tier.name !== name);

for (const { proxy, name } of TIERS) {
  test(`${name} broken is red and said in words within ten seconds, and green again once it is mended`, async () => {
    const models = await allModels(site);
    const page = await signedIn(site);
    for (const tier of TIERS) await verdict(page, tier.name).getByText("answers", { exact: true }).waitFor();
    site.stack.proxies[proxy].set({ fault: "reset" });
    await verdict(page, name).getByText(/^(does not answer|not asked)$/).waitFor({ timeout: RED_MS });
    assert.match(await verdict(page, name).getAttribute("class"), /\bbad\b/);
    assert.match(await card(page, name).innerText(), /no connection|breaker/);
    await page.locator("#content").getByRole("listitem").filter({ hasText: new RegExp(`^(wrong) ${name} (does not answer|not asked):`) }).waitFor();
    assert.match(await page.title(), /^\(\d+\)/);
    for (const tier of others(name)) assert.match(await verdict(page, tier.name).innerText(), /^answers$/, tier.name);
    assert.deepEqual(await allModels(site), models, "visitors see the last that is known");
    site.stack.proxies[proxy].clear();
    await verdict(page, name).getByText("answers", { exact: true }).waitFor({ timeout: GREEN_MS });
    assert.match(await verdict(page, name).getAttribute("class"), /\bok\b/);
  });
}

test("an API that cannot be reached is said so, and what is shown is said to be old", async () => {
  const page = await signedIn(site);
  const look = page.getByRole("button", { name: "Look now" });
  await page.context().setOffline(true);
  await look.click();
  const notice = page.locator("#content").getByText("The API cannot be reached.");
  await notice.waitFor({ timeout: RED_MS });
  await page.getByText(/may be wrong by now/).waitFor();
  await page.context().setOffline(false);
  await look.click();
  await notice.waitFor({ state: "detached" });
});

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
  for (let round = 1; round <= ROUNDS; round += 1) {
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
