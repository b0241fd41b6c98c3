// What an operator can do: the request of each, what it will do in words, and what its answer says that it did.
import { count, listed, milliseconds, plural } from "../../shared/words.js";
import { ROUTES } from "../operators.js";
import { MODES, reason } from "../words.js";

const NOTICED = "Other isolates notice with their next check, within MEMORY_TTL_SECONDS of traffic.";

/**
 * @typedef {{title: string, path: string, body: any, isGrave: boolean, before: string[], after: (answer: any) => {tone: string, lines: string[]}}} Action
 */

/** @param {{what: string, provider: string, mode: string, epoch: number | null}} chosen @returns {Action} */
export function clearAction({ what, provider, mode, epoch }) {
  const isErrors = what === "provider_errors";
  const isOne = what !== "unique_models";
  const body = { cache_type: what, ...(isOne && { provider }), ...(!isErrors && { mode }) };
  return {
    title: isErrors ? `Forget that loads of ${provider} failed` : `Clear ${isOne ? `the models of ${provider}` : "everything"}, ${mode}`,
    path: ROUTES.clear,
    body,
    isGrave: !isErrors && mode === "hard",
    before: isErrors
      ? ERRORS_BEFORE(provider)
      : clearBefore(isOne ? `The catalog of ${provider}` : "Every cached listing and catalog", mode, isOne, epoch),
    after: (answer) => clearAfter(answer, epoch),
  };
}

const ERRORS_BEFORE = (provider) => [
  `The origin is asked for the models of ${provider} again at once, not after its back-off.`,
  "Nothing that is cached changes.",
];

function clearBefore(what, mode, isOne, epoch) {
  const served = {
    hard: "is declared wrong: it is served only when the origin cannot answer. The next request for it waits for a load.",
    soft: "is declared old: what is young enough (REVALIDATE_SECONDS) is served while it is refreshed.",
  };
  return [
    `${what} ${served[mode]}`,
    ...(isOne ? [] : [epoch === null ? "The epoch is raised." : `The epoch, now ${epoch}, is raised.`]),
    NOTICED,
    "It costs 2 Redis commands, 1 or 2 more for each 1,000 keys of the database, 1 read and 1 or 2 writes of KV.",
  ];
}

function clearAfter(
  { cache_type: type, provider, mode, epoch, keys_deleted: keys, kv_marked: isMarked, swept: isSwept, duration_ms: ms },
  before,
) {
  if (type === "provider_errors")
    return { tone: "ok", lines: [`Forgotten, in ${milliseconds(ms)}: loads of ${provider} are tried again.`] };
  const lines = [`Cleared ${provider ?? "everything"}, ${mode}, in ${milliseconds(ms)}. ${plural(keys, "key")} of Redis deleted.`];
  if (typeof epoch === "number") lines.push(before === null ? `The epoch is ${epoch} now.` : `The epoch moved from ${before} to ${epoch}.`);
  if (isMarked === false) lines.push("KV did not take the marker: isolates that cannot reach Redis learn of it later. Repeat the clear.");
  if (isMarked === true) lines.push("KV has the marker: isolates that cannot reach Redis know of it too.");
  if (isSwept === false) lines.push("Not all of Redis was looked through for keys of the backend's.");
  return { tone: isMarked === false || isSwept === false ? "warn" : "ok", lines };
}

/** @param {{provider: string, isForced: boolean}} chosen `provider` is empty for the catalog. @returns {Action} */
export function warmAction({ provider, isForced }) {
  const body = { ...(isForced && { force: true }), ...(provider && { providers: [provider] }) };
  const what = provider ? `the models of ${provider}` : "the catalog";
  return {
    title: `Warm ${what}${isForced ? ", with force" : ""}`,
    path: ROUTES.warm,
    body,
    isGrave: isForced,
    before: [
      `The origin is asked for ${what} once, although others may back off from it.`,
      provider
        ? "What it gives is published to Redis and KV."
        : "What it gives is published to Redis and KV as six listings; where nothing changed, what is there lives on.",
      isForced
        ? "With force, a catalog that lost more than half of its models is published too."
        : "A catalog that lost more than half of its models is refused, and what is published stays.",
      "It costs a load: 1 + pages of 1,000 rows of the origin, some 5 Redis commands, 1 list and up to 8 writes of KV.",
    ],
    after: (answer) => (answer.warmed ? providersAfter(answer.warmed) : warmAfter(answer)),
  };
}

function warmAfter(report) {
  if (report.error)
    return {
      tone: "bad",
      lines: [`It failed after ${milliseconds(report.duration_ms)}: ${reason(report.error)}. What is published stays.`],
    };
  const { published } = report;
  return {
    tone: published?.kv_error ? "warn" : "ok",
    lines: [
      `Warmed ${report.successful} of ${plural(report.total_variants, "listing")} in ${milliseconds(report.duration_ms)}.`,
      report.origin_requests === 0
        ? "Another request's load was used."
        : `The origin gave ${plural(report.rows, "row")} in ${plural(report.origin_requests, "request")}.`,
      changesWords(report.changes),
      publishedWords(published),
    ].filter(Boolean),
  };
}

function providersAfter(warmed) {
  const isAny = warmed.some(({ error }) => error);
  const lines = warmed.map(({ provider, count: models, duration_ms: ms, error, changes, published }) =>
    error
      ? `${provider} failed after ${milliseconds(ms)}: ${reason(error)}.`
      : `${provider}: ${plural(models, "model")} in ${milliseconds(ms)}. ${changesWords(changes) ?? ""} ${publishedWords(published) ?? ""}`,
  );
  return { tone: isAny ? "bad" : "ok", lines };
}

/** What changed between what was published and what is, in words, or null. */
export function changesWords(changes) {
  if (!changes) return null;
  const parts = ["added", "changed", "deleted", "unchanged"].map((what) => `${count(changes[what])} ${what}`);
  return `Models: ${listed(parts)} (${changes.efficiency_percent} % unchanged).`;
}

function publishedWords(published) {
  if (!published) return null;
  const redis =
    { published: "Redis has it", renewed: "what Redis has lives on", elsewhere: "another isolate published it" }[published.redis] ??
    `Redis has it not: ${reason(published.redis)}`;
  const kv = published.kv_error ? `KV failed: ${reason(published.kv_error)}` : `KV has ${plural(published.kv, "value")}`;
  return `${redis[0].toUpperCase()}${redis.slice(1)}; ${kv}; hash ${published.hash}, epoch ${published.epoch}.`;
}

/** @param {{mode: string, current: string}} chosen @returns {Action} */
export function modeAction({ mode, current }) {
  return {
    title: `Set the mode to ${mode}`,
    path: ROUTES.mode,
    body: { mode },
    isGrave: mode !== "active",
    before: [
      `Now the answering isolate's mode is ${current}: ${MODES[current]}.`,
      `With ${mode}: ${MODES[mode]}.`,
      "It is written into KV, where EDGE_MODE=kv has every isolate look: they notice within a minute, cron and operators' routes at once.",
    ],
    after: ({ mode: now, previous, duration_ms: ms }) => ({
      tone: "ok",
      lines: [`The mode was ${previous} and is ${now}, in ${milliseconds(ms)}. Every isolate notices within a minute.`],
    }),
  };
}
