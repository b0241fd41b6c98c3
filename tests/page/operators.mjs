// The console as an operator uses it: signing in, reading a tier's card, doing something and reading what it did.
import { ADMIN_TOKEN } from "./site.mjs";

export async function enterToken(page, token) {
  await page.getByLabel("Token").fill(token);
  await page.getByLabel("Token").press("Enter");
}

/** A visit to the console, signed in, with its first figures. */
export async function signedIn(site, { path = "/console", ...options } = {}) {
  const page = await site.visit(path, options);
  await enterToken(page, ADMIN_TOKEN);
  await card(page, "Memory").waitFor();
  return page;
}

/** The card of a tier, by its heading. */
export function card(page, name) {
  return section(page, "Live tiers").getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
}

export function section(page, name) {
  return page.getByRole("region", { name, exact: true });
}

/** What a list of terms says: {term: text}. */
export function termsOf(list) {
  return list.evaluate((node) => Object.fromEntries([...node.querySelectorAll("dt")].map((term) => [term.textContent, term.nextElementSibling.textContent])));
}

/** The rows of a table by their heads: {head: [text of each cell]}. */
export function rowsOf(table) {
  return table.evaluate((node) => Object.fromEntries([...node.querySelectorAll("tbody tr")].map((row) => [row.querySelector("th").textContent, [...row.querySelectorAll("td")].map((cell) => cell.textContent)])));
}

/** Looks at once, and waits until what is shown is of that look. */
export async function lookNow(page) {
  const looked = page.waitForResponse((response) => response.url().endsWith("/api/system/cache/stats"));
  await page.getByRole("button", { name: "Look now" }).click();
  await (await looked).finished();
}

/** The request of a steering form: opens its dialog, and gives {dialog, said}, what it says before. */
export async function propose(page, form) {
  await form.getByRole("button").click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  return { dialog, said: await dialog.innerText() };
}

/** Confirms, and gives what was done, in words. */
export async function confirm(form, { dialog }, name) {
  await dialog.getByRole("button", { name }).click();
  const outcome = form.getByRole("status");
  await outcome.getByText(/^(Done|Not done):/).waitFor();
  return outcome.innerText();
}
