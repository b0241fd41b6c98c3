// Both pages for who uses a keyboard, a screen reader or the dark: axe-core finds nothing serious, and every task is done by keys.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { fewTables } from "./records.mjs";
import { card, lookNow, section, signedIn } from "./operators.mjs";
import { ADMIN_TOKEN, siteOf } from "./site.mjs";
import { loaded, open, shownRows, until } from "./visitors.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const GRAVE = ["serious", "critical"];
const PHONE = { width: 390, height: 780 };

const site = siteOf({ tables: fewTables() });

const withAxe = { prepare: (context) => context.addInitScript({ path: AXE }) };

async function assertAccessible(page, what) {
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const grave = violations.filter(({ impact }) => GRAVE.includes(impact));
  const told = grave.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
  assert.deepEqual(told, [], what);
}

for (const [look, options] of [["light", {}], ["dark", { dark: true }], ["a phone, dark", { dark: true, size: PHONE }]]) {
  describe(`nothing serious in ${look}`, () => {
    test("in the catalog, a model opened, models compared, and what changed", async () => {
      const page = await loaded(site, { ...options, ...withAxe });
      await assertAccessible(page, "the table");
      const [name, other] = await shownRows(page);
      const dialog = await open(page, name);
      await dialog.getByText("ETag").waitFor();
      await assertAccessible(page, "a model");
      for (const query of [`?compare=:${name}&compare=:${other}&show=compare&tokens_in=1000&tokens_out=1000`, "?show=changes", "?min_providers=2"]) {
        await page.goto(String(new URL(`/${query}`, site.url)));
        await page.waitForLoadState("networkidle");
        await assertAccessible(page, query);
      }
    });

    test("in the console, before and after signing in, with something red, and before something is done", async () => {
      const out = await site.visit("/console", { ...options, ...withAxe });
      await out.getByLabel("Token").fill("wrong");
      await out.getByLabel("Token").press("Enter");
      await out.getByRole("alert").getByText(/^Wrong token/).waitFor();
      await assertAccessible(out, "a wrong token");
      const page = await signedIn(site, { path: "/console?explain=/models/unique", ...options, ...withAxe });
      for (const details of await page.locator("details").all()) await details.evaluate((node) => (node.open = true));
      await assertAccessible(page, "the board");
      site.stack.proxies.upstash.set({ fault: "reset" });
      await lookNow(page);
      await card(page, "Redis").getByText("does not answer").waitFor();
      await assertAccessible(page, "something red");
      await section(page, "Steering").getByRole("form", { name: "Clear" }).getByRole("button").click();
      await page.getByRole("dialog").waitFor();
      await assertAccessible(page, "a confirmation");
    });
  });
}

describe("by keys alone", () => {
  const focused = (page) => page.evaluate(() => document.activeElement.closest("tr")?.dataset.name ?? document.activeElement.id);

  /** Presses Tab until `is()` holds: every part has to be reached so. */
  async function tabTo(page, is, most = 60) {
    for (let pressed = 0; pressed < most; pressed += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(is)) return;
    }
    assert.fail(`not reached by ${most} presses of Tab: ${is}`);
  }

  test("a visitor searches, goes through rows, opens one, compares and comes back", async () => {
    const page = await loaded(site);
    await page.keyboard.press("/");
    assert.equal(await focused(page), "search");
    await page.keyboard.type("ll");
    await until(() => page.evaluate(() => new URL(location.href).searchParams.get("q")), "ll", "the address");
    const names = await shownRows(page);
    assert.ok(names.length > 2);
    await page.keyboard.press("Enter");
    assert.equal(await focused(page), names[0]);
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), names[1]);
    await page.keyboard.press("x");
    await until(() => page.evaluate(() => new URL(location.href).searchParams.getAll("compare")), [`:${names[1]}`], "what is compared");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: names[1], exact: true });
    await dialog.waitFor();
    assert.equal(await page.evaluate(() => document.querySelector("dialog[open]").contains(document.activeElement)), true);
    for (let pressed = 0; pressed < 30; pressed += 1) await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement === document.body || document.querySelector("dialog[open]").contains(document.activeElement)), true, "the focus stays in what is modal");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    assert.equal(await focused(page), names[1]);
    await page.keyboard.press("End");
    assert.equal(await focused(page), names.at(-1));
  });

  test("a visitor sorts and filters", async () => {
    const page = await loaded(site);
    await page.keyboard.press("Tab");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /^Skip/);
    await tabTo(page, () => document.activeElement.matches("fieldset input[value=groq]"));
    await page.keyboard.press("Space");
    await until(() => page.evaluate(() => new URL(location.href).search), "?provider=groq", "the address");
    await tabTo(page, () => document.activeElement.matches("button[data-sort=name]"));
    await page.keyboard.press("Enter");
    await until(() => page.evaluate(() => new URL(location.href).searchParams.get("sort_by")), "name", "the order");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.sort), "name", "the focus stays at the column");
  });

  test("an operator signs in, clears, and hears what was done", async () => {
    const page = await site.visit("/console");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal(await focused(page), "token");
    await page.keyboard.type(ADMIN_TOKEN);
    await page.keyboard.press("Enter");
    await card(page, "Memory").waitFor();
    await tabTo(page, () => document.activeElement.id === "clear-mode");
    await page.keyboard.press("s");
    await tabTo(page, () => document.activeElement.textContent === "Clear …");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, () => document.activeElement.dataset.do === "confirm", 5);
    await page.keyboard.press("Enter");
    const outcome = section(page, "Steering").getByRole("form", { name: "Clear" }).getByRole("status");
    await outcome.getByText(/^Done: Clear everything, soft/).waitFor();
  });
});
