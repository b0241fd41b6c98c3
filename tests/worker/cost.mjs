// What a piece of work cost, counted from outside by the servers that were asked, and budgets for it.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { snapshotLoads } from "./support.mjs";

// Follow-ups come behind a response, one after another; between two of them the servers are never quiet for so long.
const QUIET_MS = 300;
const QUIET_PATIENCE_MS = 30_000;

/**
 * Runs `work` and waits until the servers are asked nothing more (`settle: false` does not wait). The journals begin
 * anew before it.
 *
 * Returns {result, ms, redis, kv, origin}:
 *   redis: {requests, commands, bytesUp, bytesDown, byCommand: {GET: {commands, bytesUp, bytesDown}}}
 *   kv: {requests, reads, writes, deletes, lists, bytesUp, bytesDown, byKey: {key: {reads, writes, deletes, lists}}},
 *     undefined when the stack has no KV
 *   origin: {requests, loads, pages}
 * `requests` are what the Worker sent, those that a fault proxy answered itself included; everything else is what
 * reached the servers.
 */
export async function costOf(stack, work, { settle = true } = {}) {
  clearJournals(stack);
  const begun = performance.now();
  const result = await work();
  const ms = performance.now() - begun;
  if (settle) await quiet(stack);
  return { result, ms, ...costs(stack) };
}

/** Fails with everything that is over its budget: `{"redis.commands": 8, "kv.writes": 0, "redis.byCommand.EVAL.commands": 1}`. */
export function assertWithin(cost, budget) {
  const over = [];
  for (const [path, most] of Object.entries(budget)) {
    // A command that never ran or a key that was never asked for has no entry; any other path without one is a mistake.
    const spent = valueAt(cost, path) ?? (/\.by(Command|Key)\./.test(path) ? 0 : undefined);
    assert.ok(Number.isFinite(spent), `there is no figure ${path}`);
    if (spent > most) over.push(`${path}: ${spent}, the budget is ${most}`);
  }
  assert.equal(over.length, 0, `${over.join("; ")}\n${JSON.stringify({ ...cost, result: undefined }, null, 1)}`);
}

/** Begins the journals of all servers anew. */
export function clearJournals(stack) {
  stack.upstash.clearCommands();
  stack.supabase.clearRequests();
  stack.kv?.clearRequests();
  for (const proxy of Object.values(stack.proxies ?? {})) proxy.clearRequests();
}

/** What was asked since the journals began. */
export function costs(stack) {
  const sent = (name, counted) => stack.proxies?.[name]?.requests.length ?? counted;
  const redis = stack.upstash.totals();
  const kv = stack.kv?.totals();
  const pages = stack.supabase.requests.length;
  return {
    redis: { ...redis, requests: sent("upstash", redis.requests) },
    ...(kv && { kv: { ...kv, requests: sent("kv", kv.requests) } }),
    origin: { requests: sent("supabase", pages), loads: snapshotLoads(stack), pages },
  };
}

/** Waits until no server was asked anything for a moment. */
export async function quiet(stack, quietMs = QUIET_MS) {
  const end = Date.now() + QUIET_PATIENCE_MS;
  const asked = () => {
    const { redis, kv, origin } = costs(stack);
    return redis.requests + (kv?.requests ?? 0) + origin.requests;
  };
  const busy = () => Object.values(stack.proxies ?? {}).some(({ inFlight }) => inFlight > 0);
  let before = asked();
  for (let since = Date.now(); Date.now() - since < quietMs; ) {
    await sleep(20);
    if (Date.now() > end) throw new Error(`the servers are still being asked after ${QUIET_PATIENCE_MS} ms`);
    const now = asked();
    if (now === before && !busy()) continue;
    before = now;
    since = Date.now();
  }
}

function valueAt(cost, path) {
  // Keys of KV hold dots and colons; the rest of a path is names.
  const [, group, rest] = /^(kv\.byKey|[^.]+)\.(.+)$/.exec(path) ?? [null, path];
  if (group !== "kv.byKey") return path.split(".").reduce((value, name) => value?.[name], cost);
  const at = rest.lastIndexOf(".");
  return cost.kv?.byKey[rest.slice(0, at)]?.[rest.slice(at + 1)];
}
