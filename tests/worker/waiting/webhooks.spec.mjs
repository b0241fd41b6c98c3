// A change that a webhook told one isolate of shows in another one when that checks its memory.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startWebhooks } from "../../../dev/stack/database/webhooks.mjs";
import { startStack } from "../../../dev/stack/index.mjs";
import { eventually } from "../harness.mjs";
import { isolatesOver } from "../isolates.mjs";
import { readVectors } from "../vectors.mjs";

const WEBHOOK_SECRET = "webhooks-secret-0123456789abcdef";
const PAGE = "/models/unique?limit=1000";

let stack, webhooks;
const isolates = isolatesOver(() => stack, { vars: { WEBHOOK_SECRET } });

before(async () => (stack = await startStack({ tables: readVectors("tiny").tables, kv: true })));
after(async () => {
  await webhooks?.stop();
  await isolates.stop();
  await stack?.stop();
});

test("an update in Postgres shows next door within a check of memory", async () => {
  const [told, other] = [await isolates.start(), await isolates.start()];
  webhooks = await startWebhooks(stack.database, { url: new URL("/api/webhooks/supabase", told.url).href, secret: WEBHOOK_SECRET });
  const shows = async (worker) => JSON.stringify((await worker.get(PAGE)).body).includes("told by a trigger");
  for (const worker of [told, other]) assert.equal(await shows(worker), false);
  await stack.database.query("update models set description = 'told by a trigger'");
  await eventually(() => shows(told), "the change here");
  await eventually(() => shows(other), "the change next door", 45_000);
  assert.deepEqual(webhooks.sent.map(({ status }) => status), [202]);
});
