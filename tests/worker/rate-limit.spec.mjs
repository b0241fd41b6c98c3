// The platform's rate limit on operators' routes, where it is bound.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { startWorker } from "./harness.mjs";
import { readVectors } from "./vectors.mjs";

const ADMIN_TOKEN = "rate-limit-admin-token";
const STATS = "/api/system/cache/stats";
const LIMIT = 5;
const toml = `
[[ratelimits]]
name = "OPERATORS_RATE_LIMIT"
namespace_id = "1001"
simple = { limit = ${LIMIT}, period = 60 }
`;

let stack, worker;

before(async () => {
  stack = await startStack({ tables: readVectors("tiny").tables });
  worker = await startWorker(stack, { ADMIN_TOKEN }, { toml });
});
after(async () => {
  await worker?.stop();
  await stack?.stop();
});

const ask = (address, token = ADMIN_TOKEN, path = STATS) =>
  worker.get(path, { headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": address } });

test("who guesses is stopped, though the next guess be right; others are not", async () => {
  for (let guess = 0; guess < LIMIT; guess += 1) {
    assert.equal((await ask("192.0.2.1", `guess-${guess}-0123456789`)).status, 401);
  }
  const stopped = await ask("192.0.2.1");
  assert.equal(stopped.status, 429);
  assert.equal(stopped.headers["retry-after"], "60");
  assert.equal(stopped.headers["cache-control"], "no-store");
  assert.equal(stopped.headers["content-type"], "application/problem+json");
  assert.equal(stopped.body.title, "Too Many Requests");
  assert.equal((await ask("192.0.2.2")).status, 200, "another address");
  assert.equal((await ask("192.0.2.1", "", "/models/unique?limit=1")).status, 200, "what anyone may read");
});

test("a network of IPv6 is one client", async () => {
  for (let guess = 0; guess < LIMIT; guess += 1) {
    assert.equal((await ask(`2001:db8:0:1::${guess}`, "a-guess-0123456789")).status, 401);
  }
  assert.equal((await ask("2001:db8:0:1::ffff")).status, 429);
  assert.equal((await ask("2001:db8:0:2::ffff")).status, 200);
});
