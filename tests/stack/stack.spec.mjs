// The stack as a whole: what it hands to the Worker, and that nothing of it stays behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { startStack } from "../../dev/stack/index.mjs";
import { choosePort } from "../../dev/stack/shared/ports.mjs";

const HOST = "127.0.0.1";

test("a seeded stack answers through its fault proxies, and stop() leaves nothing", async () => {
  const stack = await startStack({ seed: true, faults: true });
  const { database, supabase, redis, upstash, proxies } = stack;
  const ports = [database, supabase, redis, upstash, proxies.supabase, proxies.upstash].map(({ port }) => port);
  try {
    const { SUPABASE_URL, UPSTASH_REDIS_REST_URL } = stack.vars;
    const { SUPABASE_SERVICE_ROLE_KEY: key, UPSTASH_REDIS_REST_TOKEN: token } = stack.secrets;
    const models = await fetch(`${SUPABASE_URL}/rest/v1/unique_models?select=id`, {
      headers: { apikey: key, authorization: `Bearer ${key}` },
    });
    assert.ok((await models.json()).length > 400);
    const pong = await fetch(`${UPSTASH_REDIS_REST_URL}/ping`, { headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual(await pong.json(), { result: "PONG" });
    assert.equal(proxies.supabase.requests.length, 1);
    assert.equal(proxies.upstash.requests.length, 1);
  } finally {
    await stack.stop();
    await stack.stop();
  }
  for (const port of ports) assert.equal(await accepts(port), false, `${port}`);
});

test("a port that is taken is named, and what had started is stopped", async () => {
  const squatter = net.createServer();
  const port = await choosePort();
  await new Promise((listening) => squatter.listen(port, HOST, listening));
  await assert.rejects(startStack({ ports: { upstash: port } }), new RegExp(`port ${port} is taken`));
  await new Promise((closed) => squatter.close(closed));
});

test("children end with a parent that is terminated", async () => {
  const script = `
    import { startRedis } from ${JSON.stringify(new URL("../../dev/stack/redis/server.mjs", import.meta.url).href)};
    console.log((await startRedis()).port);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(parent.stdout, "data");
  const port = Number(line);
  assert.equal(await accepts(port), true);
  parent.kill("SIGTERM");
  const [, signal] = await once(parent, "exit");
  assert.equal(signal, "SIGTERM");
  await new Promise((later) => setTimeout(later, 200));
  assert.equal(await accepts(port), false);
});

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, HOST, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
