// The pictures of the pages in docs/images, taken in Chromium over the local stack with its real catalog.
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ADMIN_TOKEN, startSite } from "../../tests/page/site.mjs";
import { runTask } from "../run.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const images = join(root, "docs", "images");
const DESK = { width: 1200, height: 750 };
const PHONE = { width: 390, height: 780 };
// Polls of the console, for its plots to have something to show.
const POLLS_MS = 26_000;

const PICTURES = [
  { name: "catalog-light", path: "/", size: DESK },
  { name: "catalog-dark", path: "/?q=gpt&provider=openai", size: DESK, dark: true, prepare: openFirst },
  { name: "catalog-phone", path: "/", size: PHONE },
  { name: "console", path: "/console", size: DESK, prepare: signIn },
];

// sharp comes with wrangler's simulator; a picture of a page has few colors, and a palette is a third of the bytes.
function packed(png) {
  const wrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  const sharp = createRequire(wrangler.resolve("miniflare"))("sharp");
  return sharp(png).png({ palette: true, colors: 64, dither: 0, compressionLevel: 9, effort: 10 }).toBuffer();
}

async function openFirst(page) {
  await page.getByRole("row").nth(1).click();
  await page.getByRole("heading", { level: 2 }).first().waitFor();
}

async function signIn(page, site) {
  await page.getByLabel("Token").fill(ADMIN_TOKEN);
  await page.getByLabel("Token").press("Enter");
  const end = Date.now() + POLLS_MS;
  while (Date.now() < end) {
    await Promise.all(["limit=5", "sort_by=name&order=asc", "min_providers=3"].map((query) => site.api(`/models/unique?${query}`)));
    await page.waitForTimeout(500);
  }
}

runTask("build");
mkdirSync(images, { recursive: true });
const site = await startSite({ seed: true });
try {
  await site.worker.cron();
  for (const { name, path, prepare, ...look } of PICTURES) {
    const page = await site.visit(path, look);
    await page.waitForLoadState("networkidle");
    await prepare?.(page, site);
    const picture = await packed(await page.screenshot());
    writeFileSync(join(images, `${name}.png`), picture);
    process.stdout.write(`[screenshots] docs/images/${name}.png: ${Math.round(picture.length / 1000)} kB\n`);
    await site.browser.leave();
  }
} finally {
  await site.stop();
}
process.exit(0);
