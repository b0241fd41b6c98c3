// Catalogs of 3,000 models and of 13: all of a large one scrolls with few rows in the document, and of a small one nothing is missing.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { grown } from "../worker/catalogs.mjs";
import { startOrigin } from "../worker/origin.mjs";
import { readVectors } from "../worker/vectors.mjs";
import { allModels, fewTables } from "./records.mjs";
import { startSite } from "./site.mjs";
import { count, counted, loaded, rowOf, shownRows, table, until } from "./visitors.mjs";

const COPIES = 13;
const ROWS_MAX = 80;
const PHONE = { width: 390, height: 780 };

function during(start) {
  const site = {};
  before(async () => Object.assign(site, await start()));
  after(() => site.stop?.());
  return site;
}

describe("3,000 models", () => {
  let origin;
  const site = during(async () => {
    origin = await startOrigin(grown(readVectors("mid").tables, COPIES));
    return startSite({ vars: origin.vars });
  });
  after(() => origin?.stop());

  test("are all there, with few rows in the document wherever one scrolls", async () => {
    const models = await allModels(site);
    assert.ok(models.length > 3_000, `${models.length}`);
    const page = await loaded(site);
    assert.equal(await counted(page), models.length);
    assert.equal(await table(page).getAttribute("aria-rowcount"), String(models.length + 1));
    const rows = () => table(page).locator("tbody tr").count();
    for (const share of [0, 0.5, 1, 0.25]) {
      await page.evaluate((part) => scrollTo(0, part * document.documentElement.scrollHeight), share);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      assert.ok((await rows()) <= ROWS_MAX, `${await rows()} rows at ${share}`);
    }
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await rowOf(page, models.at(-1).name).waitFor();
    assert.deepEqual(await site.browser.leave(), []);
  });

  test("scroll without a gap, and are searched whole", async () => {
    const page = await loaded(site);
    const empty = await page.evaluate(async () => {
      const steps = [];
      for (let step = 0; step < 25; step += 1) {
        scrollBy(0, 1_300);
        await new Promise((done) => requestAnimationFrame(done));
        // In the frame that shows the new place, its rows are there.
        if (!document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest("tbody tr")) steps.push(step);
      }
      return steps;
    });
    assert.deepEqual(empty, []);
    await page.getByRole("searchbox", { name: /Search/ }).fill("vision 12");
    const { body } = await site.api("/models/unique?limit=1&q=vision%2012");
    await until(() => counted(page), body.total, "the count");
    await page.getByRole("searchbox", { name: /Search/ }).fill("");
    await until(() => counted(page), (await allModels(site)).length, "all models");
    assert.deepEqual(await site.browser.leave(), []);
  });
});

describe("13 models, of one offer each", () => {
  const site = during(() => startSite({ tables: fewTables() }));

  test("are all there, two of one name included", async () => {
    const models = await allModels(site);
    assert.equal(models.length, 13);
    const page = await loaded(site);
    assert.equal(await count(page).innerText(), "13 models");
    assert.deepEqual(await shownRows(page), models.map(({ name }) => name));
    assert.deepEqual(await site.browser.leave(), []);
  });

  test("an empty variant says that nothing meets the filters, and leads back", async () => {
    const { body } = await site.api("/models/unique?min_providers=2");
    assert.equal(body.total, 0);
    const page = await site.visit("/?min_providers=2");
    await page.getByText("No model meets all of this.").waitFor();
    assert.equal(await counted(page), 0);
    assert.equal(await table(page).locator("tbody tr").count(), 0);
    await page.getByRole("button", { name: "Clear filters" }).last().click();
    await until(() => counted(page), 13, "all models");
    assert.deepEqual(await site.browser.leave(), []);
  });

  test("no column is cut, at any width of a desk", async () => {
    const page = await loaded(site);
    for (const query of ["", "?tokens_in=1000000&tokens_out=1000000"]) {
      await page.goto(String(new URL(`/${query}`, site.url)));
      await rowOf(page, "Deep Path").waitFor();
      for (const width of [1000, 1100, 1180, 1200, 1320, 1600]) {
        await page.setViewportSize({ width, height: 750 });
        const beyond = await rowOf(page, "Deep Path").evaluate((row) => {
          const shown = [...row.children].filter((cell) => cell.offsetWidth > 0);
          return Math.max(...shown.map((cell) => cell.getBoundingClientRect().right)) - row.getBoundingClientRect().right;
        });
        assert.ok(beyond <= 0, `${beyond} px beyond the row at ${width} px, ${query}`);
      }
    }
    assert.deepEqual(await site.browser.leave(), []);
  });

  for (const path of ["/", "/console"]) {
    test(`${path} is as wide as a phone, and no wider`, async () => {
      const page = await site.visit(path, { size: PHONE });
      await page.waitForLoadState("networkidle");
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width);
      assert.deepEqual(await site.browser.leave(), []);
    });
  }

  test("on a phone the filters are behind a button", async () => {
    const page = await loaded(site, { size: PHONE });
    await page.getByRole("button", { name: /^Filters/ }).click();
    const dialog = page.getByRole("dialog", { name: "Filters" });
    await dialog.getByRole("group", { name: "Provider" }).getByRole("checkbox").first().check();
    await dialog.getByRole("button", { name: "Close" }).click();
    await until(async () => (await counted(page)) < 13, true, "fewer models");
    assert.deepEqual(await site.browser.leave(), []);
  });
});
