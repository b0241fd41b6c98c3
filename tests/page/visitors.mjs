// The catalog as a visitor uses it: its table, whose rows are only those in sight, a model opened, and the amounts that are shown.
import { eventually } from "../worker/harness.mjs";

/** A visit to the catalog, once all of it is loaded. */
export async function loaded(site, { path = "/", ...options } = {}) {
  const page = await site.visit(path, options);
  await whole(page);
  return page;
}

/** Waits until no more is loaded. */
export async function whole(page) {
  await count(page).filter({ hasText: /^\d[\d,]*( of [\d,]+)?( models?)?$/ }).waitFor();
}

export const count = (page) => page.locator("#count");

/** How many models the page says that it shows. */
export async function counted(page) {
  return Number((await count(page).innerText()).split(" ")[0].replaceAll(",", ""));
}

export const table = (page) => page.getByRole("grid", { name: "Models" });

/** The head of a column, by the name of the button that sorts by it. */
export function head(page, name) {
  return table(page).getByRole("columnheader").filter({ has: page.getByRole("button", { name }) });
}

/** The row of a model, scrolled into sight where it is in the document. */
export const rowOf = (page, name) => table(page).locator(`tbody tr[data-name=${JSON.stringify(name)}]`);

/**
 * What the table shows, row by row in its order, though only some rows are there at a time: scrolls from the top to the end, and reads
 * each by `read(row)`, which runs in the page. `names` by default.
 */
export async function shownRows(page, read = "(row) => row.dataset.name") {
  return page.evaluate(
    async ([source, selector]) => {
      const reader = (0, eval)(source);
      const grid = document.querySelector(selector);
      const total = Number(grid.getAttribute("aria-rowcount")) - 1;
      const found = new Array(total);
      // The event of scrolling comes before a frame's callbacks.
      const settled = () => new Promise((done) => requestAnimationFrame(done));
      for (let top = 0; ; top += innerHeight) {
        scrollTo(0, top);
        await settled();
        for (const row of grid.querySelectorAll("tbody tr")) found[Number(row.getAttribute("aria-rowindex")) - 2] = reader(row);
        if (top > document.documentElement.scrollHeight) break;
      }
      scrollTo(0, 0);
      await settled();
      return found;
    },
    [read, "table[role=grid]"],
  );
}

/** Opens a model from the table, by its name. */
export async function open(page, name) {
  await rowOf(page, name).getByRole("link").click();
  const dialog = page.getByRole("dialog", { name, exact: true });
  await dialog.waitFor();
  return dialog;
}

/** Waits until `look` gives what is expected; tells both when it does not. */
export async function until(look, expected, what) {
  let last;
  const isSame = async () => JSON.stringify((last = await look())) === JSON.stringify(expected);
  await eventually(isSame, what).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last).slice(0, 1_000)} is not ${JSON.stringify(expected).slice(0, 1_000)}`);
  });
}
