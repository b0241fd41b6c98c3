// The webhooks of ops/supabase/webhooks.sql in the local database. PGlite has no pg_net, so its queue is a table here, as there, and this process
// sends what stands in it once the transaction is committed, as pg_net's worker does.
import { readFile } from "node:fs/promises";

const TRIGGERS = new URL("../../../ops/supabase/webhooks.sql", import.meta.url);
const POLL_MS = 50;

const PG_NET = `
  create schema if not exists net;
  create table if not exists net.http_request_queue (
    id bigserial primary key, url text not null, headers jsonb not null, body bytea not null, timeout_milliseconds integer not null
  );
  create or replace function net.http_post(
    url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{"Content-Type": "application/json"}',
    timeout_milliseconds integer default 5000
  ) returns bigint language sql as $$
    insert into net.http_request_queue (url, headers, body, timeout_milliseconds)
    values (url, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds) returning id
  $$;
`;

/**
 * Installs the triggers and sends what they tell to `url`, signed with `secret`.
 * Returns {sent: [{at, status}], stop()}.
 */
export async function startWebhooks(database, { url, secret }) {
  await database.run(PG_NET);
  await database.run((await readFile(TRIGGERS, "utf8")).replace("create extension if not exists pg_net;", ""));
  await database.query("insert into edge.webhook (url, secret) values ($1, $2) on conflict (is_one) do update set url = excluded.url, secret = excluded.secret", [url, secret]);
  const sent = [];
  const sending = new Set();
  let isOver = false;
  const send = async ({ url, headers, body, timeout_milliseconds: timeout }) => {
    const entry = { at: Date.now(), status: undefined };
    sent.push(entry);
    const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(timeout) }).catch(() => undefined);
    entry.status = response?.status;
    await response?.arrayBuffer();
  };
  const polling = (async () => {
    while (!isOver) {
      const queued = await database.query("delete from net.http_request_queue returning url, headers, body, timeout_milliseconds");
      for (const request of queued) {
        const one = send(request).finally(() => sending.delete(one));
        sending.add(one);
      }
      await new Promise((later) => setTimeout(later, POLL_MS));
    }
  })();
  return {
    sent,
    stop: async () => {
      isOver = true;
      await polling;
      await Promise.allSettled(sending);
      await database.run("delete from edge.webhook; delete from net.http_request_queue");
    },
  };
}
