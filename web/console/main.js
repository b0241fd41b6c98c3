// The operators' page: signs in, looks every few seconds, and writes what is known.
import { byId, fill } from "../shared/dom.js";
import { announce } from "../shared/widgets.js";
import { createBoard, everyFromAddress } from "./board.js";
import { faults } from "./live/verdict.js";
import { ROUTES, askOperators, readMetrics } from "./operators.js";
import { createPolling } from "./polling.js";
import { countersOf, countersOfMetrics, readExposition } from "./savings/counters.js";
import { newRecord, note, noteLook } from "./savings/record.js";
import { LOOK_COSTS, METRICS_COSTS } from "./savings/view.js";
import { forgetToken, heldToken } from "./session.js";
import { signInForm } from "./signin.js";

const content = byId("content");
/** Ages on the page go on between two looks. */
const CLOCK_MS = 1_000;
const TITLE = document.title;

let known = nothing();
let board = null;
let announced = null;
const polling = createPolling({ look, changed: write, everyMs: everyFromAddress() });

function nothing() {
  return { stats: null, seenAt: null, readiness: null, metrics: null, metricsAt: null, fault: null, record: newRecord(), done: [] };
}

async function look({ withMetrics }) {
  const [stats, readyz, text] = await Promise.all([
    askOperators(ROUTES.stats),
    askOperators(ROUTES.readyz),
    withMetrics ? readMetrics() : null,
  ]);
  if (heldToken() === null) return {};
  if (stats.status === 401) return signOut("The API refuses the token now: sign in again.");
  const now = Date.now();
  const metrics = text === null ? null : readExposition(text);
  if (metrics) Object.assign(known, { metrics, metricsAt: now });
  // Without a token that it knows, or for who asked too often, readyz says less.
  if (readyz.body?.tiers) known.readiness = { body: readyz.body, at: now };
  if (stats.ok) take(stats.body, metrics, now);
  else known.fault = { words: stats.words, since: known.fault?.since ?? now };
  noteLook(known.record, now, LOOK_COSTS);
  if (withMetrics) noteLook(known.record, now, METRICS_COSTS);
  return { retryAfterMs: stats.retryAfterMs };
}

function take(stats, metrics, now) {
  const counted = { ...countersOfMetrics(metrics), ...countersOf(stats) };
  const answers = Object.entries(known.readiness?.at === now ? known.readiness.body.tiers : {}).filter(([, { answers }]) => answers);
  const latency = Object.fromEntries(answers.map(([tier, { duration_ms: ms }]) => [tier, ms]));
  note(known.record, { at: now, counters: stats.redis_available ? counted : null, latency });
  Object.assign(known, { stats, seenAt: now, fault: null });
}

function write() {
  if (!board) return;
  const now = { ...known, now: Date.now() };
  board.write(now);
  tellChange(now);
}

/** Says what became different, and only that: a screen reader hears of no single look. */
function tellChange(now) {
  if (!now.stats) return;
  const found = now.fault ? [{ key: now.fault.words }] : faults(now);
  const keys = found.map(({ key }) => key).join("; ");
  document.title = found.length === 0 ? TITLE : `(${found.length}) ${TITLE}`;
  if (keys === announced) return;
  if (announced !== null || keys !== "") announce(keys === "" ? "Everything is as it should be again." : keys);
  announced = keys;
}

function signIn(why = null) {
  const form = signInForm({ entered, why });
  board = null;
  document.title = TITLE;
  fill(content, form.node);
  form.focus();
}

function signOut(why = null) {
  forgetToken();
  polling.stop();
  known = nothing();
  announced = null;
  signIn(typeof why === "string" ? why : null);
  return {};
}

function entered(answer) {
  if (answer) take(answer.body, null, Date.now());
  board = createBoard({
    polling,
    known: () => ({ ...known, now: Date.now() }),
    done(entry) {
      known.done.unshift(entry);
      polling.now();
    },
    signOut: () => signOut(),
  });
  fill(content, board.node);
  write();
  board.start();
  polling.start();
  if (answer) content.focus();
}

setInterval(() => {
  if (!document.hidden) write();
}, CLOCK_MS);

if (heldToken() === null) signIn();
else entered(null);
