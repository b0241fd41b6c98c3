// Reads from a replica that lags, until a sync token asks for more (docs/platform.md, "Upstash replicas lag").
import { Redis } from "@upstash/redis";
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { startReplica } from "../../dev/stack/redis/replica.mjs";
import { startRedis } from "../../dev/stack/redis/server.mjs";
import { startUpstash } from "../../dev/stack/upstash/server.mjs";

const TOKEN = "token";

let redis, replica, upstash;

before(start);
after(stop);
beforeEach(async () => {
  replica.release();
  replica.lag(0);
  upstash.readFrom("replica");
  await redis.command("FLUSHALL");
  await replica.catchUp();
  upstash.clearCommands();
});

async function start() {
  redis = await startRedis();
  replica = await startReplica({ primaryPort: redis.port });
  upstash = await startUpstash({ redisPort: redis.port, replica, token: TOKEN });
}

async function stop() {
  await upstash?.stop();
  await replica?.stop();
  await redis?.stop();
}

async function pipeline(commands, syncToken) {
  const response = await fetch(`${upstash.url}/pipeline`, {
    method: "POST",
    body: JSON.stringify(commands),
    headers: { authorization: `Bearer ${TOKEN}`, ...(syncToken && { "upstash-sync-token": syncToken }) },
  });
  const results = (await response.json()).map(({ result, error }) => result ?? error ?? null);
  return { results, token: response.headers.get("upstash-sync-token") };
}

const value = async (key, token) => (await pipeline([["GET", key]], token)).results[0];

test("a read sees what the replica has, and what the token of a write asks for", async () => {
  await pipeline([["SET", "a", "old"]]);
  await replica.catchUp();
  replica.hold();
  const { token } = await pipeline([["SET", "a", "new"]]);
  assert.equal(await value("a"), "old");
  assert.equal(await redis.command("GET", "a"), "new");
  assert.equal(await value("a", token), "new");
  assert.equal(await value("a"), "new", "what the replica has it keeps");
  await pipeline([["SET", "a", "newest"]]);
  assert.equal(await value("a", token), "new", "a token asks for no more than it has seen");
});

test("the token of a read is as far as the read has seen, so reads with it never go back", async () => {
  replica.hold();
  const written = await pipeline([["SET", "a", "x"]]);
  const early = await pipeline([["GET", "a"]]);
  assert.deepEqual(early.results, [null]);
  const late = await pipeline([["GET", "a"]], written.token);
  assert.deepEqual(late.results, ["x"]);
  assert.deepEqual((await pipeline([["GET", "a"]], late.token)).results, ["x"]);
});

test("behind a write of the same request the primary answers, before it the replica does", async () => {
  await pipeline([["SET", "a", "old"]]);
  await replica.catchUp();
  replica.hold();
  await redis.command("SET", "a", "new");
  const { results } = await pipeline([["GET", "a"], ["SET", "b", "1"], ["GET", "a"], ["EVAL", "return redis.call('GET', 'a')", "0"]]);
  assert.deepEqual(results, ["old", "OK", "new", "new"]);
  const script = "return redis.call('GET', KEYS[1])";
  assert.deepEqual((await pipeline([["EVAL_RO", script, "1", "a"], ["MGET", "a", "b"]])).results, ["old", ["old", null]]);
});

test("a lag of some time passes by itself, in order", async () => {
  replica.lag(150);
  await pipeline([["SET", "a", "1"]]);
  assert.equal(await value("a"), null);
  await new Promise((later) => setTimeout(later, 300));
  assert.equal(await value("a"), "1");
});

test("reads of one request can be torn, within an MGET too", async () => {
  await pipeline([["MSET", "a", "old", "b", "old", "c", "old"]]);
  await replica.catchUp();
  replica.hold();
  await pipeline([["MSET", "a", "new", "b", "new", "c", "new"]]);
  upstash.readFrom("alternate");
  const { results } = await pipeline([["MGET", "a", "b", "c", "none"], ["GET", "a"], ["GET", "b"]]);
  assert.deepEqual(results, [["old", "new", "old", null], "new", "old"]);
  upstash.readFrom("primary");
  assert.equal(await value("a"), "new");
  assert.throws(() => upstash.readFrom("elsewhere"), /reads come from/);
});

test("the official client reads its own writes, by its sync token", async () => {
  const client = new Redis({ url: upstash.url, token: TOKEN, retry: false, enableTelemetry: false });
  const careless = new Redis({ url: upstash.url, token: TOKEN, retry: false, enableTelemetry: false, readYourWrites: false });
  replica.hold();
  await client.set("a", "mine");
  assert.equal(await careless.get("a"), null);
  assert.equal(await client.get("a"), "mine");
  const given = upstash.requests.map(({ syncToken }) => Boolean(syncToken));
  assert.equal(given.at(-1), true);
  assert.equal(given.at(-2), false);
});

test("a failover loses what the replica had not heard of, and goes on", async () => {
  try {
    await pipeline([["SET", "a", "kept"]]);
    await replica.catchUp();
    replica.hold();
    const { token } = await pipeline([["SET", "a", "lost"]]);
    await upstash.failOver();
    assert.deepEqual((await pipeline([["GET", "a"], ["SET", "b", "1"]], token)).results, ["kept", "OK"]);
    assert.equal(await replica.command("GET", "b"), "1");
  } finally {
    await stop();
    await start();
  }
});

test("a stack with a replica reads from it", async () => {
  const stack = await startStack({ withReplica: true });
  try {
    stack.replica.hold();
    await stack.redis.command("SET", "a", "x");
    const authorization = `Bearer ${stack.secrets.UPSTASH_REDIS_REST_TOKEN}`;
    const answer = await fetch(`${stack.vars.UPSTASH_REDIS_REST_URL}/get/a`, { headers: { authorization } });
    assert.deepEqual(await answer.json(), { result: null });
  } finally {
    await stack.stop();
  }
});
