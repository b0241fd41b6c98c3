// What the pages are served as: their policy, how long they are kept, what they weigh, and that the API is what it was.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { readVectors } from "../worker/vectors.mjs";
import { ASSETS, siteOf } from "./site.mjs";

const PAGES = ["/", "/console"];
const HTML = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const GZIPPED_MAX = 60_000;
const HOUR_SECS = 3_600;
const YEAR_SECS = 31_536_000;

const site = siteOf({ tables: readVectors("tiny").tables });

const maxAge = (headers) => Number(/max-age=(\d+)/.exec(headers.get("cache-control"))?.[1]);
const files = () => readdirSync(ASSETS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== "_headers");

for (const path of PAGES) {
  describe(path, () => {
    test("has a policy that lets nothing in", async () => {
      const { status, headers } = await site.api(path, { headers: HTML });
      assert.equal(status, 200);
      assert.match(headers.get("content-type"), /^text\/html\b/);
      const policy = headers.get("content-security-policy");
      assert.doesNotMatch(policy, /unsafe-|\*|https?:/);
      for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]) {
        assert.ok(policy.split("; ").includes(part), `${part}: ${policy}`);
      }
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("set-cookie"), null);
    });

    test("is kept for a short time, and what it names by its hash for a year", async () => {
      const { headers, text } = await site.api(path, { headers: HTML });
      assert.ok(maxAge(headers) <= HOUR_SECS, headers.get("cache-control"));
      const named = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, name]) => name);
      assert.ok(named.some((name) => name.endsWith(".js")) && named.some((name) => name.endsWith(".css")), named.join(" "));
      for (const name of named) {
        assert.match(name, /-[0-9A-Za-z]{8,}\.(js|css|svg)$/);
        const asset = await site.api(name);
        assert.equal(asset.status, 200, name);
        assert.equal(maxAge(asset.headers), YEAR_SECS, name);
        assert.match(asset.headers.get("cache-control"), /immutable/, name);
        assert.equal(asset.headers.get("set-cookie"), null, name);
      }
    });

    test("sets no cookie, keeps nothing from one visit to the next, and asks its own host alone", async () => {
      const page = await site.visit(path);
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      await page.waitForLoadState("networkidle");
      assert.deepEqual(await page.context().cookies(), []);
      assert.equal(await page.evaluate(() => localStorage.length), 0);
    });
  });
}

test("both pages together are 60 kB gzipped at most", () => {
  const sizes = files().map((entry) => [entry.name, gzipSync(readFileSync(join(entry.parentPath, entry.name)), { level: 9 }).length]);
  const all = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  assert.ok(sizes.length >= 4, JSON.stringify(sizes));
  assert.ok(all <= GZIPPED_MAX, `${all} bytes: ${JSON.stringify(sizes)}`);
});

test("a client of the API sees no assets: the same JSON at /, listings, and problems for what is unknown", async () => {
  const about = await site.api("/", { headers: { accept: "application/json" } });
  assert.match(about.headers.get("content-type"), /^application\/json\b/);
  assert.match(about.headers.get("link"), /service-desc/);
  const listing = await site.api("/models/unique?limit=1");
  assert.equal(listing.status, 200);
  assert.ok(listing.headers.get("etag"));
  const unknown = await site.api("/nothing-is-called-so");
  assert.equal(unknown.status, 404);
  assert.match(unknown.headers.get("content-type"), /problem\+json/);
  assert.equal((await site.api("/api/system/cache/stats")).status, 401);
});

test("the assets are served without running the Worker, which puts an id on each of its answers", async () => {
  const ran = async (path) => (await site.api(path, { headers: HTML })).headers.has("x-request-id");
  for (const { name } of files().filter(({ name }) => !name.endsWith(".html"))) assert.equal(await ran(`/assets/${name}`), false, name);
  assert.equal(await ran("/console"), false);
  assert.equal(await ran("/models/unique?limit=1"), true);
});
