// The console: who gets in, what operators do with it and what it says before and after, and its figures beside the servers' own.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../worker/harness.mjs";
import { controlOf, snapshotLoads } from "../worker/support.mjs";
import { readVectors } from "../worker/vectors.mjs";
import { card, confirm, enterToken, lookNow, propose, rowsOf, section, signedIn, termsOf } from "./operators.mjs";
import { ADMIN_TOKEN, siteOf } from "./site.mjs";

const LISTING = "/models/unique?limit=5";
const KEPT = () => ({ session: Object.values(sessionStorage), local: Object.values(localStorage), address: location.href });

const site = siteOf({ tables: readVectors("tiny").tables, vars: { EDGE_MODE: "kv" } });

describe("signing in", () => {
  const operators = (page) => page.asked.filter((path) => path.startsWith("/api/") || path.startsWith("/metrics"));

  test("without a token nothing is asked and nothing is shown", async () => {
    const page = await site.visit("/console");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("Enter the token.").waitFor();
    assert.deepEqual(operators(page), []);
    assert.equal(await section(page, "Live tiers").count(), 0);
  });

  test("a wrong token is said to be wrong, and is not kept", async () => {
    const page = await site.visit("/console");
    await enterToken(page, `${ADMIN_TOKEN}x`);
    await page.getByRole("alert").getByText(/^Wrong token/).waitFor();
    assert.equal(await page.getByLabel("Token").evaluate((node) => node === document.activeElement), true);
    const { session, local, address } = await page.evaluate(KEPT);
    assert.deepEqual([session, local], [[], []]);
    assert.ok(!address.includes(ADMIN_TOKEN));
    assert.equal(await section(page, "Live tiers").count(), 0);
  });

  test("the right one is kept in this tab alone, in no address, and forgotten when signing out", async () => {
    const page = await signedIn(site);
    const { session, local, address } = await page.evaluate(KEPT);
    assert.deepEqual([session, local], [[ADMIN_TOKEN], []]);
    assert.equal(new URL(address).search, "");
    assert.ok(page.asked.every((path) => !path.includes(ADMIN_TOKEN)));
    await page.reload();
    await card(page, "Memory").waitFor();
    const other = await page.context().newPage();
    await other.goto(String(new URL("/console", site.url)));
    await other.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.deepEqual((await page.evaluate(KEPT)).session, []);
  });
});

describe("steering", () => {
  const form = (page, name) => section(page, "Steering").getByRole("form", { name, exact: true });

  for (const mode of ["hard", "soft"]) {
    test(`a ${mode} clear says before that the epoch moves, and does it after it was confirmed`, async () => {
      assert.equal((await site.api(LISTING)).status, 200);
      const page = await signedIn(site);
      const { epoch } = await controlOf(site.stack);
      const clear = form(page, "Clear");
      await clear.getByLabel("How").selectOption(mode);
      const proposed = await propose(page, clear);
      assert.match(proposed.said, new RegExp(`"mode":"${mode}"`));
      assert.match(proposed.said, mode === "hard" ? /only when the origin cannot answer/ : /served while it is refreshed/);
      assert.equal((await controlOf(site.stack)).epoch, epoch, "nothing is done before it is confirmed");
      const said = await confirm(clear, proposed, /^Clear everything/);
      const moved = (await controlOf(site.stack)).epoch;
      assert.ok(moved > epoch, `${epoch}, then ${moved}`);
      assert.match(said, new RegExp(`from ${epoch} to ${moved}\\b`));
      await eventually(async () => (await termsOf(card(page, "Memory").locator("dl"))).epoch === String(moved), "the epoch on its card");
      await section(page, "Invalidations and warm runs").getByRole("rowheader", { name: new RegExp(`Clear everything, ${mode}`) }).first().waitFor();
    });
  }

  test("what is cancelled is not done", async () => {
    const page = await signedIn(site);
    const { epoch } = await controlOf(site.stack);
    for (const leave of [(dialog) => dialog.getByRole("button", { name: "Cancel" }).click(), () => page.keyboard.press("Escape")]) {
      const { dialog } = await propose(page, form(page, "Clear"));
      await leave(dialog);
      await dialog.waitFor({ state: "detached" });
    }
    assert.equal(page.asked.filter((path) => path.endsWith("/cache/clear")).length, 0);
    assert.equal((await controlOf(site.stack)).epoch, epoch);
  });

  test("a warm run reads the origin once, and says what became of the models", async () => {
    const page = await signedIn(site);
    const loads = snapshotLoads(site.stack);
    const warm = form(page, "Warm");
    await warm.getByLabel(/^Force/).check();
    const proposed = await propose(page, warm);
    assert.match(proposed.said, /"force":true/);
    const said = await confirm(warm, proposed, /^Warm the catalog/);
    assert.match(said, /Warmed 6 of 6 listings/);
    assert.match(said, /\b\d+ unchanged\b/);
    // Both scopes, in one load each at most.
    assert.ok(snapshotLoads(site.stack) > loads);
    const { body } = await site.operator("/api/system/cache/stats");
    assert.equal(body.last_warm.error, null);
  });

  test("a clear that Redis does not take part in is said not to be done", async () => {
    const page = await signedIn(site);
    const clear = form(page, "Clear");
    const proposed = await propose(page, clear);
    site.stack.proxies.upstash.set({ fault: "reset" });
    assert.match(await confirm(clear, proposed, /^Clear everything/), /^Not done/);
  });
});

describe("figures", () => {
  const served = (page) => rowsOf(section(page, "What it saves").getByRole("table").first());
  const figure = (rows, head) => Number(rows[head][0].replaceAll(",", ""));

  test("requests and loads are those that were made", async () => {
    await site.api(LISTING);
    const page = await signedIn(site);
    await page.getByRole("button", { name: "Pause" }).click();
    await lookNow(page);
    const [before, loads] = [await served(page), snapshotLoads(site.stack)];
    for (let asked = 0; asked < 7; asked += 1) assert.equal((await site.api(LISTING)).headers.get("x-cache"), "HIT");
    await lookNow(page);
    await eventually(async () => figure(await served(page), "All") === figure(before, "All") + 7, "seven more requests");
    assert.equal(figure(await served(page), "Hits in memory"), figure(before, "Hits in memory") + 7);
    assert.equal(snapshotLoads(site.stack), loads);
    const { body } = await site.operator("/api/system/cache/stats");
    const terms = await termsOf(section(page, "What it saves").locator("dl").first());
    assert.match(terms["Loads begun"], new RegExp(`^${body.origin_loads},`));
    assert.equal(body.origin_loads, loads);
  });

  test("what is published is shown as it is in Redis", async () => {
    await site.worker.cron();
    const page = await signedIn(site);
    const { active } = (await site.operator("/api/system/cache/stats")).body.sources;
    const rows = await rowsOf(section(page, "Sources and memory").getByRole("table").first());
    const row = Object.entries(rows).find(([head]) => head.startsWith("active"))[1].join(" | ");
    assert.match(row, /in sync/);
    assert.ok(row.includes(active.version.hash), row);
    assert.ok(row.includes(String(active.version.n)), row);
    const stored = JSON.parse(await site.stack.redis.command("GET", "gw:models:edge:version:active"));
    assert.equal(stored.hash, active.version.hash);
  });
});

test("it looks every five seconds, not while it is paused, nor while its tab is hidden", async () => {
  const isLook = (path) => path.endsWith("/api/system/cache/stats");
  let answered = 0;
  const page = await signedIn(site, {
    prepare: async (context) => {
      await context.clock.install();
      context.on("requestfinished", (request) => (answered += Number(isLook(request.url()))));
    },
  });
  const looks = () => page.asked.filter(isLook).length;
  // What is planned next is planned behind an answer.
  const settled = async () => {
    await eventually(() => answered === looks(), "answers");
    await page.evaluate(() => new Promise((done) => queueMicrotask(done)));
  };
  const looksIn = async (ms) => {
    await settled();
    const before = looks();
    await page.clock.runFor(ms);
    await settled();
    return looks() - before;
  };
  const hide = (hidden) =>
    page.evaluate((flag) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => flag });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  // An answer may come so late that the look behind it is not planned yet.
  const again = (what) => eventually(async () => (await looksIn(5_000)) === 1, what);
  await again("looking");
  assert.ok((await looksIn(4_000)) <= 1);
  await page.getByRole("button", { name: "Pause" }).click();
  assert.equal(await looksIn(20_000), 0);
  await page.getByRole("button", { name: "Resume" }).click();
  await again("looking when resumed");
  await hide(true);
  assert.equal(await looksIn(20_000), 0);
  await hide(false);
  await again("looking when seen again");
});
