// Each shared tier broken by its fault proxy and mended again: what the console says meanwhile, and what visitors still see.
import assert from "node:assert/strict";
import { test } from "node:test";
import { allModels, fewTables } from "./records.mjs";
import { card, signedIn } from "./operators.mjs";
import { siteOf } from "./site.mjs";

const RED_MS = 10_000;
// A breaker that opened is tried again after a while, and readiness is asked once in five seconds.
const GREEN_MS = 45_000;
const TIERS = [
  { proxy: "upstash", name: "Redis" },
  { proxy: "kv", name: "KV" },
  { proxy: "supabase", name: "Origin" },
];

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
  await page.context().setOffline(true);
  const notice = page.locator("#content").getByText("The API cannot be reached.");
  await notice.waitFor({ timeout: RED_MS });
  await page.getByText(/may be wrong by now/).waitFor();
  await page.context().setOffline(false);
  await notice.waitFor({ state: "detached" });
});
