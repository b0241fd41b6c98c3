// The pages as they are deployed: the built Worker and its assets, over the real stack, in a browser.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";
import { startStack } from "../../dev/stack/index.mjs";
import { startWorker } from "../worker/harness.mjs";
import { startWorkerd } from "../worker/workerd.mjs";
import { startBrowser } from "./browser.mjs";

export const ADMIN_TOKEN = "page-admin-token-0123456789abcdef";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const ASSETS = join(process.env.WORKER_BUILD_DIR ?? join(root, "build"), "assets");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/**
 * The site of a spec file: started before its tests, stopped after them; options are those of startSite(). After each test its
 * visits end, and none may have had an error, asked another host or met its own policy. Returns what startSite() returns, all of
 * it there once tests run.
 */
export function siteOf(options) {
  const site = {};
  before(async () => Object.assign(site, await startSite(options)));
  afterEach(async () => {
    for (const proxy of Object.values(site.stack?.proxies ?? {})) proxy.clear();
    assert.deepEqual(await site.browser?.leave(), []);
  });
  after(() => site.stop?.());
  return site;
}

/**
 * Starts it: `vars` are the Worker's, other options those of startStack(). With `kv` the Worker is plain workerd, whose KV can
 * fail: the pages then come out of build/assets as they lie there.
 *
 * Returns {stack, worker, browser, url, visit(path, options), api(path, init), operator(path, init), stop()}: visit() is the
 * browser's, api() asks as any client does, operator() with the token.
 */
export async function startSite({ kv = false, vars = {}, ...options } = {}) {
  const started = [];
  const begun = async (starting) => {
    const part = await starting;
    started.push(part);
    return part;
  };
  const stop = async () => {
    for (const part of started.reverse()) await part.stop();
  };
  try {
    const stack = await begun(startStack({ faults: true, kv, ...options }));
    const set = { ADMIN_TOKEN, CACHE_NAMESPACE: "gw:", ...vars };
    const worker = await begun(kv ? startWorkerd(stack, set) : startWorker(stack, set, { toml: assetsTable() }));
    const browser = await begun(startBrowser());
    return { stack, worker, browser, stop, ...clients(new URL(worker.url), browser, kv) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function clients(url, browser, isWithoutAssets) {
  const isFile = (asked) => asked.host === url.host && fileOf(asked.pathname) !== undefined;
  const visit = (path, { prepare, ...options } = {}) =>
    browser.visit(new URL(path, url), {
      ...options,
      prepare: async (context) => {
        if (isWithoutAssets) await context.route(isFile, serveFile);
        await prepare?.(context);
      },
    });
  const api = async (path, init) => {
    const response = await fetch(new URL(path, url), init);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, text, body: isJson && text !== "" ? JSON.parse(text) : undefined };
  };
  const operator = (path, init) => api(path, { ...init, headers: { ...init?.headers, authorization: `Bearer ${ADMIN_TOKEN}` } });
  return { url, visit, api, operator };
}

// What wrangler.toml says of assets, for a configuration that lies elsewhere.
export function assetsTable() {
  const [table] = /^\[assets\]$[^]*?(?=^\[)/m.exec(readFileSync(join(root, "wrangler.toml"), "utf8")) ?? [];
  assert.ok(table, "wrangler.toml has no [assets]");
  return table.replace(/^directory = .*$/m, `directory = ${JSON.stringify(ASSETS)}`);
}

function fileOf(pathname) {
  const name = { "/": "index.html", "/console": "console.html" }[pathname] ?? pathname.slice(1);
  return existsSync(join(ASSETS, name)) ? join(ASSETS, name) : undefined;
}

async function serveFile(route) {
  const file = fileOf(new URL(route.request().url()).pathname);
  await route.fulfill({ body: readFileSync(file), contentType: TYPES[extname(file)] ?? "application/octet-stream" });
}
