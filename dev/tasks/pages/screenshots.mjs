// The pictures of the pages in docs/images, taken in Chromium over the local stack with its real catalog.
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { signedIn } from "../../../tests/page/operators.mjs";
import { startSite } from "../../../tests/page/site.mjs";
import { loaded, open, shownRows } from "../../../tests/page/visitors.mjs";
import { runTask } from "../../run.mjs";

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const images = join(root, "docs", "images");
const DESK = { width: 1200, height: 750 };
const PHONE = { width: 390, height: 780 };
// Polls of the console, for its plots to have something to show.
const POLLS_MS = 26_000;

const PICTURES = [
  { name: "catalog-light", size: DESK, visit: loaded },
  { name: "catalog-dark", size: DESK, dark: true, path: "/?q=gpt&provider=openai", visit: opened },
  { name: "catalog-phone", size: PHONE, visit: loaded },
  { name: "console", size: DESK, visit: watched },
];

// sharp comes with wrangler's simulator; a picture of a page has few colors, and a palette is a third of the bytes.
function packed(png) {
  const wrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  const sharp = createRequire(wrangler.resolve("miniflare"))("sharp");
  return sharp(png).png({ palette: true, colors: 64, dither: 0, compressionLevel: 9, effort: 10 }).toBuffer();
}

async function opened(site, options) {
  const page = await loaded(site, options);
  const [name] = await shownRows(page);
  const dialog = await open(page, name);
  await dialog.getByText("ETag").waitFor();
  return page;
}

async function watched(site, options) {
  const page = await signedIn(site, options);
  const end = Date.now() + POLLS_MS;
  while (Date.now() < end) {
    await Promise.all(["limit=5", "sort_by=name&order=asc", "min_providers=3"].map((query) => site.api(`/models/unique?${query}`)));
    await page.waitForTimeout(500);
  }
  // Signing in put the focus below the head of the page.
  await page.evaluate(() => scrollTo(0, 0));
  return page;
}

runTask("build");
mkdirSync(images, { recursive: true });
const site = await startSite({ seed: true });
try {
  await site.worker.cron();
  for (const { name, visit, ...options } of PICTURES) {
    const page = await visit(site, options);
    await page.waitForLoadState("networkidle");
    const picture = await packed(await page.screenshot());
    writeFileSync(join(images, `${name}.png`), picture);
    process.stdout.write(`[screenshots] docs/images/${name}.png: ${Math.round(picture.length / 1000)} kB\n`);
    await site.browser.leave();
  }
} finally {
  await site.stop();
}
process.exit(0);
