// How long a change of the database takes to the edge: an update in Postgres, told by a webhook, until a listing shows it, in the isolate that was told
// and in another. Times are of this machine and count a second of silence before a rebuild. Arguments: how many updates (10).
import { startWebhooks } from "../../stack/database/webhooks.mjs";
import { startStack } from "../../stack/index.mjs";
import { startWorkerd } from "../../../tests/worker/workerd.mjs";
import { runTask } from "../../run.mjs";

const WEBHOOK_SECRET = "lag-webhook-secret-0123456789";
const PAGE = "/models/unique?limit=1000";
const LOOK_MS = 100;
const PATIENCE_MS = 60_000;
const updates = Number(process.argv[2] ?? 10);

const say = (text) => process.stdout.write(`[lag] ${text}\n`);

async function shown({ url }, text, begun) {
  while (performance.now() - begun < PATIENCE_MS) {
    if ((await (await fetch(new URL(PAGE, url))).text()).includes(text)) return performance.now() - begun;
    await new Promise((later) => setTimeout(later, LOOK_MS));
  }
  throw new Error(`"${text}" was not shown within ${PATIENCE_MS / 1_000} s`);
}

function line(name, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const seconds = (ms) => (ms / 1_000).toFixed(2);
  return `${name.padEnd(26)} least ${seconds(sorted[0])} s   median ${seconds(sorted[Math.floor(sorted.length / 2)])} s   most ${seconds(sorted.at(-1))} s`;
}

runTask("build");
const stack = await startStack({ seed: true, kv: true });
const running = [];
let webhooks;
try {
  for (let n = 0; n < 2; n += 1) running.push(await startWorkerd(stack, { WEBHOOK_SECRET }));
  const [told, other] = running;
  webhooks = await startWebhooks(stack.database, { url: new URL("/api/webhooks/supabase", told.url).href, secret: WEBHOOK_SECRET });
  const here = [];
  const nextDoor = [];
  for (const worker of running) await fetch(new URL(PAGE, worker.url));
  for (let n = 0; n < updates; n += 1) {
    const text = `update ${n} of the lag`;
    await stack.database.query("update models set description = $1", [text]);
    const begun = performance.now();
    const [first, second] = await Promise.all([shown(told, text, begun), shown(other, text, begun)]);
    here.push(first);
    nextDoor.push(second);
    say(`update ${n + 1} of ${updates}: ${(first / 1_000).toFixed(2)} s, next door ${(second / 1_000).toFixed(2)} s`);
  }
  say(line("the isolate that was told", here));
  say(line("another isolate", nextDoor));
} finally {
  await webhooks?.stop();
  await Promise.all(running.map((worker) => worker.stop()));
  await stack.stop();
}
