// The catalog as a visitor finds it: loaded whole, searched, sorted, filtered, counted, and shared by its address.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readVectors } from "../worker/vectors.mjs";
import { compare, decimal } from "./decimals.mjs";
import { allModels, facetsOf } from "./records.mjs";
import { siteOf } from "./site.mjs";
import { count, counted, head, loaded, rowOf, shownRows, until, whole } from "./visitors.mjs";

// So tall that the table is seen whole in few steps.
const TALL = { width: 1200, height: 6_000 };

const site = siteOf({ tables: readVectors("mid").tables });

const namesOf = (models) => models.map(({ name }) => name);
const total = async (query) => (await site.api(`/models/unique?limit=1&${query}`)).body.total;
const box = (page, group, label) => page.getByRole("group", { name: group, exact: true }).getByRole("checkbox", { name: label });

test("every model of the API is a row, in the API's order", async () => {
  const models = await allModels(site);
  const page = await loaded(site);
  assert.equal(await count(page).innerText(), `${models.length} models`);
  assert.deepEqual(await shownRows(page), namesOf(models));
});

test("a search narrows the table as it is typed, as the API's `q` does, and is in the address", async () => {
  const page = await loaded(site);
  await page.getByRole("searchbox", { name: /Search/ }).pressSequentially("mini");
  const found = await allModels(site, "q=mini");
  assert.ok(found.length > 1);
  await until(() => counted(page), found.length, "the count");
  assert.deepEqual(await shownRows(page), namesOf(found));
  assert.equal(new URL(page.url()).searchParams.get("q"), "mini");
  await page.getByRole("searchbox", { name: /Search/ }).fill("mini zzzz");
  await page.getByText("No model meets all of this.").waitFor();
});

describe("sorting", () => {
  const RANK = { healthy: 3, degraded: 2, unknown: 1, down: 0 };
  const cheapest = ({ providers, cheapest_provider: slug }) => providers.find((offer) => offer.slug === slug);
  const least = (numbers) => numbers.filter((number) => number !== null);
  // What each column sorts by, from the API's records; null is last.
  const KEYS = {
    "Cheapest": (model) => cheapest(model) && (cheapest(model).name ?? cheapest(model).slug).toLowerCase(),
    "Fastest": ({ fastest_response_time: ms }) => ms,
    "Context": ({ providers }) => Math.max(...least(providers.map((offer) => offer.context_length))),
    "Capabilities": ({ providers }) => ["supports_streaming", "supports_function_calling", "supports_vision"].filter((flag) => providers.some((offer) => offer[flag] === true)).length,
    "Health": ({ providers }) => Math.max(...providers.map((offer) => RANK[offer.health_status] ?? 1)),
  };

  for (const [label, sort] of [["Model", "name"], ["Offers", "provider_count"], ["Input price per million tokens", "cheapest_price"]]) {
    test(`by ${label}, both ways, is the API's own order`, async () => {
      const priceOf = new Map((await allModels(site)).map((model) => [model.name, model.cheapest_prompt_price]));
      // Among equal prices the page puts those with more offers first, and says so.
      const told = (names) => (sort === "cheapest_price" ? names.map((name) => priceOf.get(name)) : names);
      const page = await loaded(site, { size: TALL });
      const header = head(page, label);
      const seen = new Set();
      for (let pressed = 0; pressed < 2; pressed += 1) {
        await header.getByRole("button").click();
        const order = { ascending: "asc", descending: "desc" }[await header.getAttribute("aria-sort")];
        seen.add(order);
        assert.deepEqual(told(await shownRows(page)), told(namesOf(await allModels(site, `sort_by=${sort}&order=${order}`))), order);
      }
      assert.deepEqual([...seen].sort(), ["asc", "desc"]);
    });
  }

  test("by what the API does not sort by, both ways, never goes back", async () => {
    const byName = new Map((await allModels(site)).map((model) => [model.name, model]));
    const page = await loaded(site, { size: TALL });
    for (const [label, key] of Object.entries(KEYS)) {
      for (let pressed = 0; pressed < 2; pressed += 1) {
        await head(page, label).getByRole("button").click();
        const isUp = (await head(page, label).getAttribute("aria-sort")) === "ascending";
        const keys = (await shownRows(page)).map((name) => key(byName.get(name)) ?? null);
        const known = keys.filter((value) => value !== null);
        assert.equal(keys.length, byName.size);
        assert.deepEqual(keys.slice(0, known.length), known, `${label}: what is not known is last`);
        for (let at = 1; at < known.length; at += 1) {
          const [before, behind] = [known[at - 1], known[at]];
          assert.ok(isUp ? before <= behind : before >= behind, `${label}: ${before}, then ${behind}`);
        }
      }
    }
  });

  test("by the output price, both ways, goes by the decimals and not by their texts", async () => {
    const byName = new Map((await allModels(site)).map((model) => [model.name, model]));
    const page = await loaded(site, { size: TALL });
    const header = head(page, "Output price per million tokens");
    for (let pressed = 0; pressed < 2; pressed += 1) {
      await header.getByRole("button").click();
      const sign = (await header.getAttribute("aria-sort")) === "ascending" ? 1 : -1;
      const prices = (await shownRows(page)).map((name) => decimal(cheapest(byName.get(name))?.pricing.completion ?? "none")).filter(Boolean);
      for (let at = 1; at < prices.length; at += 1) assert.ok(sign * compare(prices[at - 1], prices[at]) <= 0, String(at));
    }
  });
});

describe("filters", () => {
  // The check box, what it puts into the API's request, and what else.
  const CASES = [
    ["Provider", "openai", "provider=openai"],
    ["Capability", "vision", "capability=vision"],
    ["Modality", "text->text", "modality=text-%3Etext"],
    ["Health", "healthy", "health=healthy"],
  ];

  for (const [group, value, query] of CASES) {
    test(`by ${group} are the API's`, async () => {
      const page = await loaded(site);
      await page.getByRole("group", { name: group, exact: true }).locator(`input[value="${value}"]`).check();
      const found = await allModels(site, query);
      await until(() => counted(page), found.length, "the count");
      assert.deepEqual(await shownRows(page), namesOf(found));
      assert.equal(new URL(page.url()).search, `?${query}`);
    });
  }

  test("by context and price are the API's, price per million as it is shown", async () => {
    const page = await loaded(site);
    await page.getByLabel("Context, at least").selectOption("128000");
    await until(() => counted(page), await total("min_context=128000"), "the count by context");
    await page.getByLabel(/^Input price, at most/).fill("0.15");
    await page.getByLabel(/^Input price, at most/).press("Enter");
    const query = "min_context=128000&max_price=0.00000015";
    await until(() => counted(page), await total(query), "the count by price");
    assert.deepEqual(await shownRows(page), namesOf(await allModels(site, query)));
  });

  test("hold together for one offer, and are cleared by one button", async () => {
    const page = await loaded(site, { path: "/?provider=openai&capability=vision&min_context=128000&q=gpt" });
    const query = "q=gpt&provider=openai&capability=vision&min_context=128000";
    assert.equal(await counted(page), await total(query));
    await page.getByRole("button", { name: "Clear filters" }).first().click();
    await until(() => counted(page), await total(""), "all models");
    assert.equal(new URL(page.url()).search, "");
  });
});

describe("facets", () => {
  const GROUPS = { provider: "Provider", modality: "Modality", capability: "Capability" };
  const countsOf = (page, group) =>
    page.getByRole("group", { name: group, exact: true }).evaluate((node) =>
      Object.fromEntries([...node.querySelectorAll("li")].map((item) => [item.querySelector("input").value, Number(item.querySelector(".facet-count").textContent.replaceAll(",", ""))])));

  test("count what a count of the API's records one by one comes to", async () => {
    const counts = facetsOf(await allModels(site));
    const page = await loaded(site);
    for (const [facet, group] of Object.entries(GROUPS)) assert.deepEqual(sorted(await countsOf(page, group)), sorted(counts[facet]), facet);
  });

  test("count, with filters, what the API finds with each of their values", async () => {
    const page = await loaded(site, { path: "/?capability=vision&provider=openai" });
    const shown = await countsOf(page, "Provider");
    for (const [slug, number] of Object.entries(shown)) assert.equal(number, await total(`capability=vision&provider=${slug}`), slug);
    const capabilities = await countsOf(page, "Capability");
    for (const [name, number] of Object.entries(capabilities)) assert.equal(number, await total(`provider=openai&capability=vision,${name}`), name);
  });
});

describe("a shared address", () => {
  test("shows a stranger with an empty profile the same view", async () => {
    const page = await loaded(site);
    await page.getByRole("searchbox", { name: /Search/ }).fill("gpt");
    await box(page, "Capability", "vision").check();
    await head(page, "Input price per million tokens").getByRole("button").click();
    const mix = page.getByRole("search").getByRole("group", { name: "Your mix" });
    await mix.getByLabel("Tokens in a month").fill("2.5M");
    await mix.getByLabel("Tokens in a month").press("Enter");
    const [first] = await shownRows(page);
    await rowOf(page, first).getByRole("checkbox").check();
    const mine = await viewOf(page);
    const theirs = await site.visit(page.url());
    await whole(theirs);
    assert.deepEqual(await viewOf(theirs), mine);
  });

  test("opens the model that it names, and the way back closes it", async () => {
    const [{ name }] = await allModels(site);
    const page = await loaded(site);
    await rowOf(page, name).getByRole("link").click();
    await page.getByRole("dialog", { name, exact: true }).waitFor();
    const theirs = await site.visit(page.url());
    await theirs.getByRole("dialog", { name, exact: true }).waitFor();
    await page.goBack();
    await page.getByRole("dialog", { name, exact: true }).waitFor({ state: "hidden" });
    assert.equal(new URL(page.url()).search, "");
  });

  test("of nonsense is the whole catalog", async () => {
    const page = await loaded(site, { path: "/?sort_by=nothing&order=up&min_context=-3&max_price=x&capability=flying&compare=%25%25&model=No%20Such" });
    assert.equal(await counted(page), await total(""));
  });

  const viewOf = async (page) => ({
    count: await count(page).innerText(),
    rows: await shownRows(page, "(row) => row.innerText"),
    search: await page.getByRole("searchbox").inputValue(),
    checked: await page.evaluate(() => [...document.querySelectorAll("input:checked")].map((input) => input.value || input.ariaLabel)),
  });
});

const sorted = (counts) => Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
