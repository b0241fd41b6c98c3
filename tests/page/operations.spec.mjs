// The console's explanation of a request, the mode, and what was done lately: each held to what the API does and says.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../worker/harness.mjs";
import { readVectors } from "../worker/vectors.mjs";
import { card, confirm, lookNow, propose, rowsOf, section, signedIn, termsOf } from "./operators.mjs";
import { siteOf } from "./site.mjs";

const LISTING = "/models/unique?limit=5&min_providers=2";

const site = siteOf({ tables: readVectors("tiny").tables, vars: { EDGE_MODE: "kv" } });

const clear = (mode = "hard") => site.operator("/api/system/cache/clear", { method: "POST", body: JSON.stringify({ cache_type: "all", mode }) });

describe("explaining", () => {
  const outcome = (page) => page.getByRole("form", { name: "Explain a request" }).locator(".outcome");

  async function explain(page, url) {
    await page.getByLabel("Path and query of a request").fill(url);
    await page.getByRole("button", { name: "Explain", exact: true }).click();
    await outcome(page).getByText(/explained in|^Not available|422/).first().waitFor();
    return outcome(page);
  }

  const tiersOf = (told) => rowsOf(told.getByRole("table").filter({ hasText: "The tiers that were asked" }).first());
  const parametersOf = (told) => rowsOf(told.getByRole("table").filter({ hasText: "Parameters as understood" }));

  test("a walk down to the origin, and then one that memory ends, with the answer that the API gives", async () => {
    await clear();
    const page = await signedIn(site);
    const first = await explain(page, LISTING);
    assert.match((await tiersOf(first)).Memory[0], /^(miss|stale)$/);
    assert.match(await first.innerText(), /\bMISS\b/);
    const second = await explain(page, LISTING);
    const tiers = await tiersOf(second);
    assert.deepEqual(Object.keys(tiers), ["Memory"]);
    assert.equal(tiers.Memory[0], "hit");
    const answer = await site.api(LISTING);
    const terms = await termsOf(second.locator("dl").filter({ hasText: "ETag" }));
    assert.equal(terms.ETag, answer.headers.get("etag"));
    assert.equal(Number(terms.Bytes.replaceAll(",", "")), Buffer.byteLength(answer.text));
    assert.equal(terms.Status, "200");
  });

  test("parameters as they were understood: given, by default, or ignored", async () => {
    const page = await signedIn(site);
    const parameters = await parametersOf(await explain(page, `${LISTING}&flavor=sweet`));
    assert.deepEqual(parameters.limit, ["5", "the request"]);
    assert.deepEqual(parameters.order, ["desc", "default"]);
    assert.match(parameters.flavor[1], /^ignored/);
  });

  test("a wrong parameter as the 422 that it is, and a path of no route as none", async () => {
    const page = await signedIn(site);
    const wrong = await explain(page, "/models/unique?limit=0");
    assert.equal((await termsOf(wrong.locator("dl").filter({ hasText: "ETag" }))).Status, "422");
    await explain(page, "/nowhere");
    await outcome(page).getByText(/path/).first().waitFor();
  });

  test("what is asked for is in the address, and nothing of the token", async () => {
    const page = await signedIn(site);
    await explain(page, LISTING);
    const theirs = await signedIn(site, { path: page.url() });
    await outcome(theirs).getByText(/explained in/).first().waitFor();
    assert.equal(await theirs.getByLabel("Path and query of a request").inputValue(), LISTING);
  });
});

describe("the mode", () => {
  const form = (page) => section(page, "Steering").getByRole("form", { name: "Mode", exact: true });

  async function set(page, mode) {
    await form(page).getByLabel("Mode").selectOption(mode);
    return confirm(form(page), await propose(page, form(page)), `Set the mode to ${mode}`);
  }

  test("is set, shown and taken back, and does what was said", async () => {
    assert.equal((await site.api(LISTING)).status, 200);
    const page = await signedIn(site);
    assert.match(await set(page, "passthrough"), /^Done:[^]*was active and is passthrough/);
    await lookNow(page);
    await eventually(async () => (await termsOf(card(page, "Memory").locator("dl"))).mode === "passthrough", "the mode on its card");
    await page.locator("#content").getByText(/The mode is passthrough/).first().waitFor();
    assert.equal((await site.api(LISTING)).headers.get("x-cache"), "MISS");
    assert.match(await set(page, "active"), /^Done:/);
    await eventually(async () => (await site.api(LISTING)).headers.get("x-cache") === "HIT", "hits again");
  });
});

test("what was done lately is told with its cause, the latest first", async () => {
  await clear("soft");
  await site.operator("/api/system/cache/warm", { method: "POST", body: '{"force":true}' });
  const page = await signedIn(site);
  const { operations } = (await site.operator("/api/system/cache/stats")).body;
  const table = section(page, "Invalidations and warm runs").getByRole("table");
  const rows = await table.evaluate((node) => [...node.querySelectorAll("tbody tr")].map((row) => [row.querySelector("th").textContent, row.children[2].textContent]));
  assert.equal(rows.length, operations.length);
  assert.deepEqual(rows.slice(0, 2), [["Warm the catalog, with force", "operator"], ["Clear everything, soft", "operator"]]);
});

test("of each tier it is told when it last answered, and what its last error was", async () => {
  await clear();
  await site.api(LISTING);
  const page = await signedIn(site);
  assert.match((await termsOf(card(page, "Redis").locator("dl")))["last answer"], /ago|just now/);
  site.stack.proxies.upstash.set({ fault: "reset" });
  await lookNow(page);
  const told = async () => (await termsOf(card(page, "Redis").locator("dl")))["last error"];
  await eventually(async () => !(await told()).startsWith("none"), "the last error", 15_000);
  const { upstash } = (await site.operator("/api/system/cache/stats")).body.isolate.contacts;
  assert.ok((await told()).startsWith(upstash.error), `${await told()}: ${JSON.stringify(upstash)}`);
});
