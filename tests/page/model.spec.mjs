// A model opened, offers compared, a mix priced, and the API's request under what is shown: amounts are held to the API's texts digit by
// digit, and requests are sent.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { eventually } from "../worker/harness.mjs";
import { readVectors } from "../worker/vectors.mjs";
import { rowsOf, termsOf } from "./operators.mjs";
import { compare, decimal, perMillion, plus, shownAmount, times, written } from "./decimals.mjs";
import { allModels } from "./records.mjs";
import { siteOf } from "./site.mjs";
import { count, loaded, open, rowOf, shownRows, table, until } from "./visitors.mjs";

const TALL = { width: 1200, height: 6_000 };
const MIX = { in: "123456789", out: "7654321" };

const site = siteOf({ tables: readVectors("mid").tables });

/** What a page has to show for an API's price of a token. */
function expectedPrice(text) {
  const price = perMillion(text);
  if (!price) return text;
  if (price.digits < 0n) return "dynamic";
  return written(price);
}

/** What it shows, as the same. */
function shownPrice(text) {
  const amount = shownAmount(text);
  return amount ? written(amount) : text;
}

function mixCost({ prompt, completion }) {
  const [tokenIn, tokenOut] = [decimal(prompt), decimal(completion)];
  if (!tokenIn || !tokenOut || tokenIn.digits < 0n || tokenOut.digits < 0n) return null;
  return plus(times(tokenIn, decimal(MIX.in)), times(tokenOut, decimal(MIX.out)));
}

const leastCost = (costs) => costs.reduce((a, b) => (compare(b, a) < 0 ? b : a));
const cheapest = ({ providers, cheapest_provider: slug }) => providers.find((offer) => offer.slug === slug);

async function enterMix(scope) {
  for (const [label, tokens] of [["Tokens in a month", MIX.in], ["Tokens out a month", MIX.out]]) {
    await scope.getByLabel(label).fill(tokens);
    await scope.getByLabel(label).press("Enter");
  }
}

/** The rows of a dialog's table under its heads: [{head: text}]. */
function cellsOf(grid) {
  return grid.evaluate((node) => {
    const heads = [...node.querySelectorAll("thead tr > *")].map((head) => head.textContent);
    const visible = (cell) => [...cell.childNodes].map((child) => child.textContent).join("");
    return [...node.querySelectorAll("tbody tr")].map((row) => Object.fromEntries([...row.children].map((cell, at) => [heads[at], visible(cell)])));
  });
}

describe("prices", () => {
  test("in the table are the API's, digit by digit, for every model", async () => {
    const models = new Map((await allModels(site)).map((model) => [model.name, model]));
    const page = await loaded(site, { size: TALL });
    const shown = await shownRows(page, "(row) => [row.dataset.name, ...['in', 'out'].map((name) => row.querySelector(`.${name} .price`)?.firstChild.textContent ?? null)]");
    assert.equal(shown.length, models.size);
    for (const [name, tokenIn, tokenOut] of shown) {
      const { pricing } = cheapest(models.get(name)) ?? {};
      if (!pricing) assert.deepEqual([tokenIn, tokenOut], [null, null], name);
      else assert.deepEqual([shownPrice(tokenIn), shownPrice(tokenOut)], [expectedPrice(pricing.prompt), expectedPrice(pricing.completion)], name);
    }
  });

  test("of every offer of a model, with latency, context and health", async () => {
    const models = await allModels(site);
    const page = await loaded(site);
    for (const model of models.slice(0, 3)) {
      const dialog = await open(page, model.name);
      const rows = await cellsOf(dialog.getByRole("table"));
      assert.equal(rows.length, model.providers.length);
      for (const [at, offer] of model.providers.entries()) {
        const row = rows[at];
        assert.ok(row.Provider.startsWith(offer.name ?? offer.slug), row.Provider);
        assert.equal(shownPrice(row["In $/M"]), expectedPrice(offer.pricing.prompt), model.name);
        assert.equal(shownPrice(row["Out $/M"]), expectedPrice(offer.pricing.completion), model.name);
        if (offer.context_length !== null) assert.equal(row.Context.replaceAll(",", ""), String(offer.context_length));
        assert.equal(row.Health, offer.health_status ?? "unknown");
      }
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
    }
  });

  test("of one's own mix are exact for each offer, and the least of them is marked", async () => {
    const [model] = (await allModels(site)).filter(({ providers }) => providers.length > 3);
    const page = await loaded(site);
    const dialog = await open(page, model.name);
    await enterMix(dialog);
    const rows = await cellsOf(dialog.getByRole("table"));
    const costs = model.providers.map(({ pricing }) => mixCost(pricing));
    const least = leastCost(costs.filter(Boolean));
    for (const [at, cost] of costs.entries()) {
      const text = rows[at]["Your month"];
      if (!cost) assert.match(text, /no price/);
      else assert.equal(written(shownAmount(text.replace(" lowest", ""))), written(cost));
      assert.equal(text.includes("lowest"), cost !== null && compare(cost, least) === 0, text);
    }
    const address = new URL(page.url()).searchParams;
    assert.deepEqual([address.get("tokens_in"), address.get("tokens_out")], [MIX.in, MIX.out]);
  });

  test("of one's own mix in the table are those of the offer that is cheapest for it, and sort by it", async () => {
    const models = new Map((await allModels(site)).map((model) => [model.name, model]));
    const page = await loaded(site, { size: TALL, path: `/?tokens_in=${MIX.in}&tokens_out=${MIX.out}&sort_by=month&order=asc` });
    const shown = await shownRows(page, "(row) => [row.dataset.name, row.querySelector('.month').textContent]");
    let before;
    for (const [name, text] of shown) {
      const costs = models.get(name).providers.map(({ pricing }) => mixCost(pricing)).filter(Boolean);
      if (costs.length === 0) assert.match(text, /no price/, name);
      else {
        const least = leastCost(costs);
        assert.equal(written(shownAmount(text)), written(least), name);
        if (before) assert.ok(compare(before, least) <= 0, name);
        before = least;
      }
    }
  });
});

describe("comparing", () => {
  test("shows up to five models side by side, and no sixth", async () => {
    const page = await loaded(site);
    const names = (await shownRows(page)).slice(0, 6);
    for (const name of names) await rowOf(page, name).getByRole("checkbox").click();
    await page.getByRole("button", { name: /^Compare/ }).click();
    const dialog = page.getByRole("dialog", { name: /Side by side/ });
    await dialog.waitFor();
    const heads = await dialog.getByRole("columnheader").allInnerTexts();
    assert.deepEqual(heads.map((head) => head.split("\n")[0].replace(/\s*Remove$/, "")), names.slice(0, 5));
    const models = new Map((await allModels(site)).map((model) => [model.name, model]));
    const rows = await rowsOf(dialog.getByRole("table"));
    for (const [at, name] of names.slice(0, 5).entries()) {
      const { pricing } = cheapest(models.get(name));
      assert.equal(shownPrice(rows["Input, $ per million"][at].replace(" best", "")), expectedPrice(pricing.prompt), name);
      assert.equal(shownPrice(rows["Output, $ per million"][at].replace(" best", "")), expectedPrice(pricing.completion), name);
    }
    const theirs = await site.visit(page.url());
    const same = theirs.getByRole("dialog", { name: /Side by side/ });
    await until(async () => (await same.getByRole("columnheader").count()), 5, "the shared comparison");
  });

  test("takes single offers of a model as well", async () => {
    const [model] = await allModels(site);
    const page = await loaded(site);
    const dialog = await open(page, model.name);
    for (const at of [0, 1]) await dialog.getByRole("checkbox").nth(at).check();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: /^Compare/ }).click();
    const rows = await rowsOf(page.getByRole("dialog", { name: /Side by side/ }).getByRole("table"));
    assert.deepEqual(rows.Provider, model.providers.slice(0, 2).map(({ name, slug }) => name ?? slug));
  });
});

describe("the request under what one sees", () => {
  const VIEW = "/?q=gpt&capability=vision&provider=openai&sort_by=name&order=asc";

  async function shownRequest(page) {
    await page.locator("#request > summary").click();
    const asked = page.locator("#asked");
    await asked.getByText("ETag").waitFor();
    return asked;
  }

  test("is sent by curl as it stands there, and gives the same models and the same ETag", async () => {
    const page = await loaded(site, { path: VIEW });
    const asked = await shownRequest(page);
    const terms = await termsOf(asked.locator("dl"));
    const [program, ...args] = (await asked.locator("pre").innerText()).match(/'[^']*'|\S+/g).map((word) => word.replaceAll("'", ""));
    assert.equal(program, "curl");
    const answer = execFileSync(program, ["-s", ...args], { encoding: "utf8" });
    const [head, body] = answer.split("\r\n\r\n");
    assert.equal(/^etag: (.+)$/im.exec(head)[1].trim(), terms.ETag);
    assert.deepEqual(JSON.parse(body).models.map(({ name }) => name), await shownRows(page));
    assert.match(terms.Models, /the same/);
    assert.match(terms.Served, /^(fresh|new|stale)/);
  });

  test("is told in three languages, and copied by one key", async () => {
    const page = await loaded(site, { path: VIEW });
    const asked = await shownRequest(page);
    for (const language of ["JavaScript", "Python", "curl"]) {
      await asked.getByRole("button", { name: language }).click();
      assert.ok((await asked.locator("pre").innerText()).includes("q=gpt&provider=openai&capability=vision"), language);
    }
    await asked.locator("pre").focus();
    await page.keyboard.press("c");
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await until(copied, await asked.locator("pre").innerText(), "the copy");
  });

  test("of a model is its own route, with its ETag", async () => {
    const [{ name }] = await allModels(site);
    const page = await loaded(site);
    const dialog = await open(page, name);
    await dialog.getByText("ETag").waitFor();
    const path = `/v1/models/unique/${encodeURIComponent(name)}`;
    assert.ok((await dialog.locator(".asked pre").innerText()).includes(path));
    const terms = await termsOf(dialog.locator(".asked dl"));
    assert.equal(terms.ETag, (await site.api(path)).headers.get("etag"));
  });

  test("a model's request that runs in Python gives the model", async () => {
    const page = await loaded(site, { path: VIEW });
    const asked = await shownRequest(page);
    await asked.getByRole("button", { name: "Python" }).click();
    const program = `${await asked.locator("pre").innerText()}\nprint(json.dumps([model["name"] for model in models]))`;
    const names = JSON.parse(execFileSync("python3", ["-c", program], { encoding: "utf8", env: { ...process.env, NO_PROXY: "*", no_proxy: "*" } }));
    assert.deepEqual(names, await shownRows(page));
  });
});

test("what changed lately is told of the catalog and of a model, with a plot of its prices", async () => {
  const [model] = await allModels(site);
  const offer = model.providers[0];
  await site.stack.database.query("update models set metadata = jsonb_set(metadata, '{pricing_raw,prompt}', '\"0.000123\"') where model_name = $1 and provider_id = (select id from providers where slug = $2)", [offer.model_name, offer.slug]);
  await site.operator("/api/system/cache/warm", { method: "POST" });
  // The isolate asks Redis for its journal once in five seconds.
  const told = async () => (await site.api("/v1/models/unique/changes?limit=1")).text.includes("0.000123");
  await eventually(told, "the change in the feed", 15_000);
  const page = await loaded(site);
  await page.getByRole("link", { name: "Changes" }).click();
  const dialog = page.getByRole("dialog", { name: "What changed lately" });
  await dialog.getByText("$123").first().waitFor();
  await dialog.getByRole("link", { name: model.name }).first().click();
  const opened = page.getByRole("dialog", { name: model.name, exact: true });
  const history = opened.getByRole("region", { name: "What changed lately" });
  await history.getByRole("img", { name: /\$123/ }).first().waitFor();
  assert.match(await history.innerText(), /\$123/);
  assert.match(await count(page).innerText(), /models/);
  assert.equal(await table(page).count(), 1);
});
