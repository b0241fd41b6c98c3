// A Chromium for the specs: every visit has a profile of its own, which is empty, and what no visit may do is noted.
import { chromium } from "playwright-core";
import { chromiumBinary } from "../../dev/tools.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--no-proxy-server",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SIZE = { width: 1200, height: 750 };
// For what waits on a busy machine; nothing here measures time.
const PATIENCE_MS = 20_000;
// Chromium says so of every answer of 400 and more, expected ones included.
const REFUSED = "Failed to load resource";

/**
 * Returns {visit(url, options), stop()}. `visit` gives a page in a new profile: `size`, `dark`, and `prepare(context)`, which is
 * called before anything is loaded. `page.faults` are the errors of its scripts, what its policy blocked, and requests to other
 * hosts than `url`'s; `page.asked` the paths of all its requests. leave() closes what was visited, and says what was wrong there.
 */
export async function startBrowser() {
  const browser = await chromium.launch({ executablePath: chromiumBinary(), args: FLAGS });
  const contexts = [];
  const faults = [];
  return {
    async visit(url, { size = SIZE, dark = false, prepare } = {}) {
      const context = await browser.newContext({
        viewport: size,
        colorScheme: dark ? "dark" : "light",
        reducedMotion: "reduce",
        permissions: ["clipboard-read", "clipboard-write"],
      });
      contexts.push(context);
      context.setDefaultTimeout(PATIENCE_MS);
      await prepare?.(context);
      const page = await context.newPage();
      page.asked = [];
      watch(page, new URL(url).host, faults);
      await page.goto(String(url));
      return page;
    },
    async leave() {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
      return faults.splice(0);
    },
    stop: () => browser.close(),
  };
}

function watch(page, host, faults) {
  page.on("pageerror", (error) => faults.push(`error: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith(REFUSED)) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.host === host) page.asked.push(`${url.pathname}${url.search}`);
    else if (url.protocol !== "data:" && url.protocol !== "blob:") faults.push(`a request to ${url.host}`);
  });
}
