// Upstash's REST façade: what the official client does with it, and what only a raw request shows.
import { Redis } from "@upstash/redis";
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startRedis } from "../../dev/stack/redis/server.mjs";
import { startUpstash } from "../../dev/stack/upstash/server.mjs";

const TOKEN = "full-token";
const READ_ONLY_TOKEN = "read-only-token";
const WRONG_TOKEN = { error: "WRONGPASS invalid or missing auth token" };

let redis, upstash, client;

before(async () => {
  redis = await startRedis();
  upstash = await startUpstash({ redisPort: redis.port, token: TOKEN, readOnlyToken: READ_ONLY_TOKEN });
  client = officialClient(TOKEN);
});

after(async () => {
  await upstash?.stop();
  await redis?.stop();
});

beforeEach(async () => {
  upstash.setToken(TOKEN);
  upstash.limitRequests();
  upstash.refillQuota();
  await redis.command("FLUSHALL");
  upstash.clearCommands();
});

function officialClient(token, options) {
  return new Redis({ url: upstash.url, token, retry: false, enableTelemetry: false, ...options });
}

async function raw(path, { token = TOKEN, json, headers, ...init } = {}) {
  const response = await fetch(upstash.url + path, {
    ...init,
    ...(json !== undefined && { method: "POST", body: JSON.stringify(json) }),
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get("content-type") === "application/json" && bytes.length > 0;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(bytes) : bytes.toString("latin1") };
}

test("the official client stores and reads objects, numbers, text beyond ASCII and a value that says OK", async () => {
  const values = { object: { a: [1, null, "ü"] }, number: 42, text: "日本 🚀 \\ \"", ok: "OK" };
  for (const [key, value] of Object.entries(values)) {
    assert.equal(await client.set(key, value), "OK");
    assert.deepEqual(await client.get(key), value);
  }
  assert.equal(await client.get("missing"), null);
  assert.equal(await client.incr("counter"), 1);
  assert.equal(await client.ping(), "PONG");
});

test("the official client works without base64 as well", async () => {
  const plain = officialClient(TOKEN, { responseEncoding: false });
  await plain.set("key", { plain: true });
  assert.deepEqual(await plain.get("key"), { plain: true });
});

test("the official client leases with NX and PX and reads times to live", async () => {
  assert.equal(await client.set("lease", "a", { nx: true, px: 5000 }), "OK");
  assert.equal(await client.set("lease", "b", { nx: true, px: 5000 }), null);
  const ttl = await client.pttl("lease");
  assert.ok(ttl > 4000 && ttl <= 5000, `${ttl}`);
  assert.equal(await client.pttl("missing"), -2);
});

test("the official client pipelines, and one failure stays in its place", async () => {
  assert.deepEqual(await client.pipeline().set("a", 1).get("a").mget("a", "none").exec(), ["OK", 1, [1, null]]);
  const mixed = await client.pipeline().set("text", "x").incr("text").get("text").exec({ keepErrors: true });
  assert.equal(mixed[0].result, "OK");
  assert.match(mixed[1].error, /^ERR value is not an integer/);
  assert.equal(mixed[2].result, "x");
});

test("the official client runs transactions", async () => {
  assert.deepEqual(await client.multi().set("a", 1).incr("a").get("a").exec(), ["OK", 2, 2]);
});

test("the official client runs scripts, with statuses and errors as Redis gives them", async () => {
  const script = `redis.call('SET', KEYS[1], ARGV[1])
    return {1, redis.call('GET', KEYS[1]), redis.status_reply('OK'), false}`;
  assert.deepEqual(await client.eval(script, ["key"], ["value"]), [1, "value", "OK", null]);
  const sha = await client.scriptLoad("return ARGV[1]");
  assert.equal(await client.evalsha(sha, [], ["again"]), "again");
  await assert.rejects(client.evalsha("0".repeat(40), [], []), /NOSCRIPT/);
  await assert.rejects(client.eval("return redis.error_reply('ERR mine')", [], []), /ERR mine/);
});

test("the official client uses hashes, sets, sorted sets and scans", async () => {
  await client.hset("hash", { field: { deep: 1 }, other: "x" });
  assert.deepEqual(await client.hgetall("hash"), { field: { deep: 1 }, other: "x" });
  await client.sadd("set", "a", "b");
  assert.deepEqual((await client.smembers("set")).sort(), ["a", "b"]);
  await client.zadd("ranks", { score: 1.5, member: "low" }, { score: 2, member: "high" });
  assert.deepEqual(await client.zrange("ranks", 0, -1, { withScores: true }), ["low", 1.5, "high", 2]);
  const [cursor, keys] = await client.scan(0, { match: "*s*", count: 100 });
  assert.equal(cursor, "0");
  assert.deepEqual(keys.sort(), ["hash", "ranks", "set"]);
});

test("the official client reports a wrong type and a wrong token", async () => {
  await client.sadd("set", "a");
  await assert.rejects(client.get("set"), /WRONGTYPE/);
  await assert.rejects(officialClient("wrong").get("a"), /WRONGPASS invalid or missing auth token/);
});

test("a read-only token reads, and neither writes nor scans", async () => {
  await client.set("a", "x");
  const reader = officialClient(READ_ONLY_TOKEN);
  assert.equal(await reader.get("a"), "x");
  assert.equal(await reader.pttl("a"), -1);
  await assert.rejects(reader.set("a", "y"), /NOPERM this user has no permissions to run the 'set' command/);
  await assert.rejects(reader.keys("*"), /NOPERM .*'keys'/);
  await assert.rejects(reader.eval("return redis.call('SET', 'a', 'y')", [], []), /NOPERM .*'eval'/);
  const transaction = await raw("/multi-exec", { token: READ_ONLY_TOKEN, json: [["GET", "a"], ["DEL", "a"]] });
  assert.equal(transaction.status, 400);
  assert.match(transaction.body.error, /^NOPERM/);
  assert.equal(await client.get("a"), "x");
});

test("every route asks for the token, in the header or in the query", async () => {
  for (const [path, init] of [
    ["/", { json: ["PING"] }],
    ["/pipeline", { json: [["PING"]] }],
    ["/multi-exec", { json: [["PING"]] }],
    ["/ping", {}],
    ["/ping", { method: "DELETE" }],
  ]) {
    for (const token of [null, "wrong"]) {
      const { status, body } = await raw(path, { ...init, token });
      assert.deepEqual([status, body], [401, WRONG_TOKEN], path);
    }
  }
  assert.deepEqual((await raw(`/ping?_token=${TOKEN}`, { token: null })).body, { result: "PONG" });
  assert.deepEqual((await raw(`/?_token=${TOKEN}`, { token: null, json: ["PING"] })).body, { result: "PONG" });
  assert.equal((await raw("/ping?_token=wrong", { token: null })).status, 401);
});

test("a revoked token is refused until a new one is set", async () => {
  upstash.revokeToken();
  assert.equal((await raw("/ping")).status, 401);
  upstash.setToken("new");
  assert.equal((await raw("/ping", { token: "new" })).status, 200);
});

test("the path form takes arguments from the path, the body and the query, in this order", async () => {
  assert.deepEqual((await raw("/set/a%2Fb/va%20lue%3F")).body, { result: "OK" });
  assert.equal(await redis.command("GET", "a/b"), "va lue?");
  assert.deepEqual((await raw("/set/key?EX=100&NX", { method: "POST", body: "posted" })).body, { result: "OK" });
  assert.equal(await redis.command("GET", "key"), "posted");
  assert.equal(await redis.command("TTL", "key"), 100);
  assert.deepEqual((await raw("/set/key/again?NX")).body, { result: null });
  assert.deepEqual((await raw("/get/key", { method: "PUT" })).body, { result: "posted" });
  assert.deepEqual(upstash.commands.at(1).command, ["set", "key", "posted", "EX", "100", "NX"]);
});

test("the path form is safe for bytes", async () => {
  const bytes = Buffer.from([0, 255, 13, 10, 128, 37]);
  await raw("/set/binary", { method: "POST", body: bytes });
  assert.deepEqual((await raw("/get/binary", { headers: { "upstash-encoding": "base64" } })).body, {
    result: bytes.toString("base64"),
  });
  assert.deepEqual((await raw("/get/binary")).body, { result: "\u0000\ufffd\r\n\ufffd%" });
  await raw("/set/percent/%FF%00");
  const percent = await raw("/get/percent", { headers: { "upstash-response-format": "resp2" } });
  assert.equal(percent.body, "$2\r\n\xff\x00\r\n");
});

test("HEAD runs the command without a body, other methods are refused", async () => {
  const head = await raw("/set/a/1", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.body, "");
  assert.equal(await redis.command("GET", "a"), "1");
  for (const method of ["DELETE", "PATCH", "OPTIONS"]) {
    const { status, headers } = await raw("/get/a", { method });
    assert.equal(status, 405);
    assert.equal(headers.get("allow"), "GET, HEAD, POST, PUT");
  }
  assert.equal((await raw("/pipeline")).status, 405);
});

test("base64 spares the status OK and nothing else", async () => {
  const headers = { "upstash-encoding": "base64" };
  assert.deepEqual((await raw("/", { headers, json: ["SET", "a", "OK"] })).body, { result: "OK" });
  assert.deepEqual((await raw("/", { headers, json: ["GET", "a"] })).body, { result: "T0s=" });
  assert.deepEqual((await raw("/", { headers, json: ["PING"] })).body, { result: "UE9ORw==" });
  assert.deepEqual((await raw("/multi-exec", { headers, json: [["SET", "a", "b"], ["GET", "a"], ["DBSIZE"]] })).body, [
    { result: "OK" },
    { result: "Yg==" },
    { result: 1 },
  ]);
});

test("resp2 answers in the wire format, but not for transactions and not in base64", async () => {
  const headers = { "upstash-response-format": "resp2" };
  const set = await raw("/", { headers, json: ["SET", "a", "b"] });
  assert.equal(set.headers.get("content-type"), "application/octet-stream");
  assert.equal(set.body, "+OK\r\n");
  assert.equal((await raw("/mget/a/none", { headers })).body, "*2\r\n$1\r\nb\r\n$-1\r\n");
  assert.equal((await raw("/pipeline", { headers, json: [["GET", "a"], ["INCR", "n"]] })).body, "*2\r\n$1\r\nb\r\n:1\r\n");
  const failed = await raw("/", { headers, json: ["INCR", "a"] });
  assert.equal(failed.status, 400);
  assert.match(failed.body, /^-ERR .*\r\n$/);
  assert.equal((await raw("/multi-exec", { headers, json: [["GET", "a"]] })).status, 400);
  assert.equal((await raw("/get/a", { headers: { ...headers, "upstash-encoding": "base64" } })).status, 400);
  assert.equal((await raw("/get/a", { headers: { "upstash-response-format": "xml" } })).status, 400);
});

test("what cannot be parsed or run is 400 with a reason", async () => {
  await redis.command("SET", "text", "x");
  for (const [path, body, error] of [
    ["/", "{", /^ERR failed to parse command$/],
    ["/", '{"a":1}', /^ERR failed to parse command$/],
    ["/", '["SET","k",{"a":1}]', /^ERR failed to parse command$/],
    ["/", "[]", /^ERR empty command$/],
    ["/pipeline", '["GET","k"]', /^ERR failed to parse pipeline request$/],
    ["/pipeline", "[]", /^ERR empty pipeline request$/],
    ["/", '["INCR","text"]', /^ERR value is not an integer/],
    ["/", '["GET"]', /^ERR wrong number of arguments/],
    ["/", '["NOPE","x"]', /^ERR Command is not available: 'NOPE'\. See https:\/\/upstash\.com/],
    ["/", '["SUBSCRIBE","x"]', /^ERR Command is not available: 'SUBSCRIBE'\./],
    ["/", '["XREAD","BLOCK","0","STREAMS","s","$"]', /^ERR Command is not available: 'XREAD'\./],
  ]) {
    const reply = await raw(path, { method: "POST", body });
    assert.equal(reply.status, 400, body);
    assert.match(reply.body.error, error);
  }
});

test("numbers and booleans of a JSON command keep their digits", async () => {
  await raw("/", { method: "POST", body: '["MSET","big",12345678901234567890,"float",1.0,"flag",true]' });
  assert.deepEqual(await redis.command("MGET", "big", "float", "flag"), ["12345678901234567890", "1.0", "true"]);
  await redis.command("SET", "huge", "9223372036854775806");
  const incremented = await fetch(`${upstash.url}/incr/huge?_token=${TOKEN}`);
  assert.equal(await incremented.text(), '{"result":9223372036854775807}');
});

test("a pipeline answers a refused command in its place and runs the rest", async () => {
  const json = [["SET", "a", "1"], ["BLPOP", "l", "0"], ["NOPE"], ["GET", "a"]];
  const { status, body } = await raw("/pipeline", { json });
  assert.equal(status, 200);
  assert.deepEqual(body.map((item) => item.result ?? item.error.split(".")[0]), [
    "OK",
    "ERR Command is not available: 'BLPOP'",
    "ERR Command is not available: 'NOPE'",
    "1",
  ]);
});

test("a transaction that cannot be queued is discarded as a whole, one that fails while it runs is not", async () => {
  const discarded = await raw("/multi-exec", { json: [["SET", "a", "1"], ["NOPE"]] });
  assert.equal(discarded.status, 400);
  assert.match(discarded.body.error, /^ERR Command is not available: 'NOPE'/);
  assert.equal(await redis.command("EXISTS", "a"), 0);
  const ran = await raw("/multi-exec", { json: [["SET", "a", "x"], ["INCR", "a"], ["GET", "a"]] });
  assert.equal(ran.status, 200);
  assert.match(ran.body[1].error, /^ERR value is not an integer/);
  assert.deepEqual([ran.body[0], ran.body[2]], [{ result: "OK" }, { result: "x" }]);
});

test("transactions of many clients at once stay atomic on their shared connection", async () => {
  const both = () => raw("/multi-exec", { json: [["INCR", "a"], ["INCR", "b"]] });
  const replies = await Promise.all(Array.from({ length: 50 }, both));
  for (const { body } of replies) assert.equal(body[0].result, body[1].result);
});

test("requests and replies of more than 10 MB are refused", async () => {
  const limit = 10_485_760;
  const tooLarge = await raw("/set/big", { method: "POST", body: Buffer.alloc(limit + 1, "x") });
  assert.equal(tooLarge.status, 400);
  assert.equal(tooLarge.body.error, `ERR max request size exceeded. Limit: ${limit} bytes, Actual: ${limit + 1} bytes`);
  const fits = await raw("/set/big", { method: "POST", body: Buffer.alloc(limit, "x") });
  assert.deepEqual(fits.body, { result: "OK" });
  await redis.command("APPEND", "big", "x");
  assert.match((await raw("/get/big")).body.error, /^ERR max request size exceeded/);
});

test("a plan with smaller requests refuses what is larger as a whole, and each value alone that fits passes", async () => {
  upstash.limitRequests(1_000);
  const value = "x".repeat(600);
  const together = await raw("/pipeline", { json: [["SET", "a", value], ["SET", "b", value]] });
  assert.equal(together.status, 400);
  assert.match(together.body.error, /^ERR max request size exceeded\. Limit: 1000 bytes, Actual: 12\d\d bytes$/);
  assert.equal(upstash.commands.length, 0);
  assert.ok(upstash.totals().bytesUp > 1_200, "what was refused went over the wire");
  for (const key of ["a", "b"]) assert.equal((await raw("/pipeline", { json: [["SET", key, value]] })).status, 200);
});

test("a quota that is used up refuses every request, with its text also where the status is 429", async () => {
  for (const options of [{}, { status: 429 }, { error: "ERR max daily request limit exceeded. Limit: 10000, Usage: 10000" }]) {
    upstash.useUpQuota(options);
    const { status, body } = await raw("/pipeline", { json: [["GET", "a"]] });
    assert.equal(status, options.status ?? 400);
    assert.match(body.error, /^ERR max (daily request|requests) limit exceeded/);
    assert.equal((await raw("/ping", { token: "wrong" })).status, 401);
  }
  assert.equal(upstash.commands.length, 0);
  upstash.refillQuota();
  assert.equal((await raw("/ping")).status, 200);
});

test("a value of bytes goes up raw with its lifetime, and comes down in RESP", async () => {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
  const stored = await raw("/set/gw%3Abinary?PX=90000", { method: "POST", body: bytes });
  assert.deepEqual(stored.body, { result: "OK" });
  const ttl = await redis.command("PTTL", "gw:binary");
  assert.ok(ttl > 80_000 && ttl <= 90_000, `${ttl}`);
  const headers = { "upstash-response-format": "resp2" };
  const expected = `*2\r\n$512\r\n${bytes.toString("latin1")}\r\n$-1\r\n`;
  assert.equal((await raw("/", { headers, json: ["MGET", "gw:binary", "none"] })).body, expected);
});

test("a read-only script reads under both tokens, and writes under none", async () => {
  await client.set("a", "x");
  const script = "return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}";
  for (const token of [TOKEN, READ_ONLY_TOKEN]) {
    assert.deepEqual((await raw("/", { token, json: ["EVAL_RO", script, "1", "a"] })).body, { result: ["x", -1] });
    const writing = await raw("/", { token, json: ["EVAL_RO", "return redis.call('SET', KEYS[1], 'y')", "1", "a"] });
    assert.equal(writing.status, 400);
    assert.match(writing.body.error, /Write commands are not allowed from read-only scripts/);
  }
  assert.equal(await client.get("a"), "x");
});

test("a pipeline with a read-only token reads what it may, and names each write that it may not", async () => {
  await client.set("a", "x");
  const json = [["GET", "a"], ["SET", "a", "y", "PX", "1000"], ["EVAL", "return 1", "0"], ["UNLINK", "a"]];
  const { status, body } = await raw("/pipeline", { token: READ_ONLY_TOKEN, json });
  assert.equal(status, 200);
  const refused = (name) => ({ error: `NOPERM this user has no permissions to run the '${name}' command` });
  assert.deepEqual(body, [{ result: "x" }, refused("set"), refused("eval"), refused("unlink")]);
});

test("a value of megabytes comes back whole, beside others", async () => {
  const value = "é".repeat(2_000_000);
  await client.set("large", value);
  const [large, small] = await Promise.all([client.get("large"), client.set("small", 1)]);
  assert.equal(large, value);
  assert.equal(small, "OK");
});

test("every reply carries a new sync token", async () => {
  const first = (await raw("/ping")).headers.get("upstash-sync-token");
  const second = (await raw("/ping", { token: null })).headers.get("upstash-sync-token");
  assert.ok(first && second && first !== second);
});

test("the command log names what Redis was asked, shortened", async () => {
  await raw("/pipeline", { json: [["SET", "k", "x".repeat(500)], ["MONITOR"]] });
  assert.equal(upstash.commands.length, 1);
  const [{ at, command }] = upstash.commands;
  assert.ok(Date.now() - at < 5000);
  assert.deepEqual(command, ["SET", "k", "x".repeat(200)]);
});

test("requests, commands and bytes are counted, by name", async () => {
  const value = "x".repeat(500);
  await raw("/pipeline", { json: [["SET", "k", value], ["get", "k"], ["GET", "none"]] });
  await raw("/set/raw?PX=1000", { method: "POST", body: value });
  const [pipeline, path] = upstash.requests;
  assert.deepEqual(pipeline.commands, ["SET", "GET", "GET"]);
  assert.equal(pipeline.bytesUp, JSON.stringify([["SET", "k", value], ["get", "k"], ["GET", "none"]]).length);
  assert.equal(pipeline.bytesDown, JSON.stringify([{ result: "OK" }, { result: value }, { result: null }]).length);
  assert.deepEqual([path.method, path.path, path.status, path.bytesUp], ["POST", "/set/raw?PX=1000", 200, 500]);
  const { byCommand, ...totals } = upstash.totals();
  const bytesDown = pipeline.bytesDown + path.bytesDown;
  assert.deepEqual(totals, { requests: 2, commands: 4, bytesUp: pipeline.bytesUp + 500, bytesDown });
  assert.deepEqual(byCommand.GET, { commands: 2, bytesUp: 3 + 1 + 3 + 4, bytesDown: "$500\r\n\r\n$-1\r\n".length + 500 });
  assert.equal(byCommand.SET.bytesUp, 3 + 1 + 500 + 3 + 3 + 500 + 2 + 4);
  upstash.clearCommands();
  assert.deepEqual(upstash.totals(), { requests: 0, commands: 0, bytesUp: 0, bytesDown: 0, byCommand: {} });
});

test("Redis going away is 500, and its return is noticed", async () => {
  await redis.stop();
  const { status, body } = await raw("/ping");
  assert.equal(status, 500);
  assert.match(body.error, /^ERR /);
  await redis.restart();
  assert.deepEqual((await raw("/ping")).body, { result: "PONG" });
});
