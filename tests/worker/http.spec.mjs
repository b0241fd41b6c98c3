// The HTTP contract apart from what is in the body of a listing: routes, methods, headers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { startWorker } from "./harness.mjs";
import { NAMESPACE } from "./support.mjs";
import { readVectors } from "./vectors.mjs";

const LISTING = /^public, max-age=6\d, stale-while-revalidate=17\d\d, stale-if-error=881\d\d$/;
const ALLOWED = "GET, HEAD, OPTIONS";
const PATHS = ["/models/unique", "/v1/models/unique"];

let stack, worker;

before(async () => {
  stack = await startStack({ tables: readVectors("tiny").tables });
  worker = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE });
});
after(async () => {
  await worker?.stop();
  await stack?.stop();
});

test("a listing may be cached, and says its age and how it was served", async () => {
  for (const expected of ["MISS", "HIT"]) {
    const { status, headers } = await worker.get("/models/unique?limit=1");
    assert.equal(status, 200);
    assert.equal(headers["x-cache"], expected);
    assert.match(headers["cache-control"], LISTING);
    assert.equal(headers["content-type"], "application/json");
    assert.match(headers.age, /^\d+$/);
    assert.ok(headers["cache-status"].length > 0);
    assert.equal(headers.vary, undefined);
    assert.equal(headers["set-cookie"], undefined);
  }
});

test("both paths are the same thing", async () => {
  const [plain, versioned] = await Promise.all(PATHS.map((path) => worker.get(`${path}?limit=5&sort_by=name`)));
  assert.equal(plain.status, 200);
  assert.equal(versioned.status, 200);
  assert.equal(versioned.text, plain.text);
});

test("HEAD has the headers of GET and no body", async () => {
  for (const path of PATHS) {
    const get = await raw("GET", `${path}?limit=3`);
    const head = await raw("HEAD", `${path}?limit=3`);
    assert.equal(head.status, 200);
    assert.equal(head.text, "");
    assert.equal(Number(head.headers["content-length"]), Buffer.byteLength(get.text));
    for (const name of ["content-type", "x-cache"]) assert.equal(head.headers[name], get.headers[name], name);
    assert.match(head.headers["cache-control"], LISTING);
    assert.ok(head.headers["cache-status"]);
  }
  const refused = await raw("HEAD", "/models/unique?limit=0");
  assert.equal(refused.status, 422);
  assert.equal(refused.text, "");
});

test("who has a page is told that it is the same, without a body", async () => {
  const path = "/models/unique?limit=3&sort_by=name";
  const { headers: first } = await raw("GET", path);
  assert.match(first.etag, /^"[0-9a-f]{16}"$/);
  for (const held of [first.etag, `W/${first.etag}`, `"0", ${first.etag}`, "*"]) {
    for (const method of ["GET", "HEAD"]) {
      const { status, headers, text } = await raw(method, path, { "if-none-match": held });
      assert.deepEqual([status, text, headers.etag], [304, "", first.etag], `${method} ${held}`);
      assert.match(headers["cache-control"], LISTING);
      assert.equal(headers["x-cache"], "HIT");
    }
  }
  for (const other of ['"0"', "", first.etag.replaceAll('"', "")]) {
    const answer = await raw("GET", path, { "if-none-match": other });
    assert.deepEqual([answer.status, answer.headers.etag], [200, first.etag], other);
  }
  const tags = new Set([first.etag]);
  for (const more of ["&offset=1", "&order=asc", "&min_providers=1", "&include_inactive=true"]) tags.add((await raw("GET", path + more)).headers.etag);
  assert.equal(tags.size, 5, "each page has its own");
});

test("a browser's page of any origin may read, and may ask first", async () => {
  const origin = { origin: "https://page.example" };
  for (const path of ["/models/unique?limit=1", "/models/unique?limit=0", "/", "/nothing"]) {
    for (let n = 0; n < 2; n += 1) {
      const { headers } = await raw("GET", path, origin);
      assert.equal(headers["access-control-allow-origin"], "*", path);
      assert.equal(headers["access-control-allow-credentials"], undefined);
      for (const name of ["ETag", "Link", "X-Total-Count", "Cache-Status", "Retry-After", "Age"]) {
        assert.ok(headers["access-control-expose-headers"].split(", ").includes(name), name);
      }
    }
  }
  const { status, headers } = await raw("OPTIONS", "/models/unique", { ...origin, "access-control-request-method": "GET", "access-control-request-headers": "if-none-match" });
  assert.equal(status, 204);
  assert.equal(headers["access-control-allow-origin"], "*");
  assert.equal(headers["access-control-allow-methods"], ALLOWED);
  assert.equal(headers["access-control-allow-headers"], "*");
  assert.equal(headers["access-control-max-age"], "86400");
});

test("links lead through all pages, and each model is on one of them", async () => {
  const names = [];
  let pages = 0;
  for (let path = "/models/unique?limit=3&sort_by=name&order=asc"; path; pages += 1) {
    const { headers, body } = await worker.get(path);
    names.push(...body.models.map(({ id, name }) => `${id} ${name}`));
    assert.equal(Number(headers["x-total-count"]), body.total);
    path = /<([^>]+)>; rel="next"/.exec(headers.link)?.[1];
  }
  const { body } = await worker.get("/models/unique?limit=1000");
  assert.equal(names.length, body.total);
  assert.equal(new Set(names).size, body.total);
  assert.equal(pages, Math.ceil(body.total / 3));
});

test("OPTIONS tells what a route can be asked", async () => {
  for (const path of PATHS) {
    const { status, headers, text } = await raw("OPTIONS", path);
    assert.equal(status, 204);
    assert.equal(headers.allow, ALLOWED);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(text, "");
  }
});

test("other methods are refused, with what is allowed", async () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    for (const path of PATHS) {
      const { status, headers, body } = await worker.get(path, { method });
      assert.equal(status, 405, method);
      assert.equal(headers.allow, ALLOWED, method);
      assertProblem(headers, body, 405, "Method Not Allowed");
    }
  }
});

test("the root says what this is and where the catalog is, and may be kept for minutes", async () => {
  for (const path of ["/", "/?limit=0"]) {
    const { status, headers, body } = await worker.get(path);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["cache-control"], "public, max-age=300");
    assert.equal((await worker.get(body.catalog)).status, 200);
    assert.ok(body.documentation.length > 0);
  }
  const [get, head] = [await raw("GET", "/"), await raw("HEAD", "/")];
  assert.equal(head.status, 200);
  assert.equal(head.text, "");
  assert.equal(Number(head.headers["content-length"]), Buffer.byteLength(get.text));
  const options = await raw("OPTIONS", "/");
  assert.equal(options.status, 204);
  assert.equal(options.headers.allow, ALLOWED);
  const { status, headers, body } = await worker.get("/", { method: "POST" });
  assert.equal(headers.allow, ALLOWED);
  assertProblem(headers, body, status, "Method Not Allowed");
});

test("percent-encoded paths are decoded once", async () => {
  const expected = (await worker.get("/models/unique?limit=2")).text;
  for (const path of ["/v1/models/uniqu%65", "/models%2Funique", "/%76%31/%6dodels%2f%75nique", "/models/%75%6E%69%71%75%65"]) {
    const answer = await worker.get(`${path}?lim%69t=%32`);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.text, expected, path);
    const refused = await worker.get(path, { method: "DELETE" });
    assert.equal(refused.status, 405, path);
  }
  const others = ["/models/uniqu%2565", "/models/uniqu%zz", "/models/uniqu%", "/models/unique%FF", "/models/unique%C3%A9"];
  for (const path of [...others, "/models/unique%00", "/models/unique%2F", "/models/unique%3Flimit=1", "/models/unique+", "/%2F"]) {
    assert.equal((await worker.get(path)).status, 404, path);
  }
});

test("other paths are not found", async () => {
  const paths = ["//", "/models/", "/models/unique/", "/v1/models/unique/", "/v2/models/unique", "/Models/unique"];
  for (const path of [...paths, "/models/uniquex", "/models//unique", "/v1/providers/groq", "/v1/modelsx"]) {
    const { status, headers, body } = await worker.get(path);
    assert.equal(status, 404, path);
    assertProblem(headers, body, 404, "Not Found");
  }
});

test("a mistake in the query is not kept by caches", async () => {
  const { status, headers, body } = await worker.get("/models/unique?limit=0&order=up&include_inactive=maybe");
  assert.equal(status, 422);
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["content-type"], "application/json");
  assert.deepEqual(body.detail.map(({ loc }) => loc.at(-1)), ["limit", "order", "include_inactive"]);
});

test("nothing at all to serve is a 503 that says when to come back, and is not kept by caches", async () => {
  await stack.supabase.stop();
  await stack.redis.command("FLUSHALL");
  const cold = await startWorker(stack, { CACHE_NAMESPACE: NAMESPACE });
  try {
    const { status, headers, body } = await cold.get("/models/unique");
    assert.equal(status, 503);
    assert.ok(Number(headers["retry-after"]) >= 1 && Number(headers["retry-after"]) <= 60, headers["retry-after"]);
    assertProblem(headers, body, 503, body.detail);
    assert.ok(body.detail.length > 0);
  } finally {
    await cold.stop();
    await stack.supabase.start();
  }
});

// As a client on the wire sees it: the harness's own fetch would unpack bodies.
async function raw(method, path, more = {}) {
  const headers = { "accept-encoding": "identity", ...more };
  const response = await fetch(new URL(path, worker.url), { method, headers });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}

function assertProblem(headers, body, status, detail) {
  assert.equal(headers["content-type"], "application/problem+json");
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(body.status, status);
  assert.equal(body.detail, detail);
  assert.ok(body.title);
}
