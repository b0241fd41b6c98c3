// What caching saves, and what it costs: counts as they are, plots of the last hour, and bars against what the plans allow.
import { el } from "../../shared/dom.js";
import { bar, plot } from "../../shared/plot.js";
import { count, duration, plural } from "../../shared/words.js";
import { dollars, exact, moment, percent, rough } from "../figures.js";
import { table } from "../live/sources.js";
import { TIERS, reason } from "../words.js";
import { nonzero } from "./counters.js";
import { COUNTERS, PLANS, UNLIMITED, priceOf } from "./plans.js";
import { growth, growthPerMinute, minutesShown } from "./record.js";

/** Below this nothing is said of a month; below the next one nothing is judged, since cron runs and isolates count every ten minutes. */
const FEW_MS = 60_000;
const EARLY_MS = 600_000;

/** Who answered, since counting began. */
export function servedTable({ stats }) {
  const rows = [
    ...["memory", "colo", "upstash", "kv"].map((tier) => [
      `Hits in ${TIERS[tier] === "Data center" ? "the data center's cache" : tier === "memory" ? "memory" : TIERS[tier]}`,
      stats.tiers[tier].hits,
      "ok",
    ]),
    ["Misses: answered by the origin", stats.misses, "accent"],
    ["Unavailable: 503", stats.unavailable, "bad"],
  ];
  const total = stats.total_requests;
  const whose = stats.redis_available ? "all isolates" : "the answering isolate alone";
  const share = (number) => (total === 0 ? 0 : number / total);
  return [
    table(
      `Requests for the catalog by who answered, of ${whose}, since counting began.`,
      ["Answered by", "Requests", "Share"],
      new Set(["Requests"]),
      [
        ...rows.map(([name, number, tone]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, name),
            el("td", { class: "number" }, exact(number)),
            el("td", { class: "share" }, bar({ share: share(number), tone, label: percent(share(number)) })),
          ),
        ),
        el("tr", {}, el("th", { scope: "row" }, "All"), el("td", { class: "number" }, exact(total)), el("td", {})),
      ],
    ),
    el("dl", { class: "facts wide" }, savedFacts(stats)),
  ];
}

function savedFacts(stats) {
  const avoided = stats.hits + stats.misses - stats.origin_loads;
  const of = `${exact(stats.hits)} hits + ${exact(stats.misses)} misses − ${plural(stats.origin_loads, "load")}`;
  const more = plural(-avoided, "load");
  return [
    ["Hit rate", `${exact(stats.hit_rate_percent)} %`],
    ["Stale serves", `${exact(stats.stale)} of the hits`],
    ["Origin loads avoided", avoided >= 0 ? `${exact(avoided)}: ${of}` : `none yet: ${more} more than requests, ahead of them`],
    ["Loads begun", `${exact(stats.origin_loads)}, ${exact(stats.tiers.origin.errors)} of them failed`],
    ["Keys written to Redis", exact(stats.sets)],
    ["Derived listings", exact(stats.derived)],
    ["Hedges", exact(stats.hedges)],
    ["Missed invalidations", exact(stats.missed_invalidations)],
  ].map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]);
}

const PLOTS = [
  ["hits", "Hits", "ok"],
  ["misses", "Misses", "accent"],
  ["stale", "Stale serves", "warn"],
  ["unavailable", "Unavailable (503)", "bad"],
  ["loads", "Origin loads", "second"],
  ["commands", "Redis commands", "third"],
  ["kvReads", "KV reads", "third"],
  ["kvWrites", "KV writes", "third"],
];

/** A small plot of each counter: how much it grew in each minute of the last hour. */
export function plots({ record, now }) {
  return el(
    "ul",
    { class: "plots" },
    PLOTS.map(([name, title, tone]) => el("li", { class: "panel" }, one(record, now, name, title, tone))),
  );
}

function one(record, now, name, title, tone) {
  const minutes = minutesShown(record, now);
  const points = growthPerMinute(record, now, name).slice(-minutes);
  const whole = growth(record, name);
  const numbers = points.map(([, by]) => by).filter((by) => by !== null);
  const most = Math.max(1, ...numbers);
  const text = whole ? `${count(whole.by)} in the ${duration(whole.ms / 1_000)} watched` : "not watched for long enough yet";
  const label = `${title} in each minute. ${text}; at most ${count(Math.max(0, ...numbers))} in a minute.`;
  return el(
    "figure",
    {},
    el("figcaption", {}, el("strong", {}, title), el("span", { class: "soft small block" }, text)),
    plot({
      label,
      series: [{ name: title, tone, points }],
      width: 230,
      height: 84,
      xRange: [1 - minutes, 0],
      yRange: [0, most],
      steps: true,
      yWords: whole0,
      xWords: minutesWords,
    }),
  );
}

/** Where a plot begins and ends. */
export const minutesWords = (x) => (x === 0 ? "now" : `${1 - x} min ago`);

// The middle of an odd height is no count.
const whole0 = (y) => (Number.isInteger(y) ? count(y) : "");

/** Bars against what the chosen plans allow. */
export function planTable({ record }, chosen) {
  const limits = [...PLANS.upstash[chosen.upstash].limits, ...PLANS.workers[chosen.workers].limits];
  const others = Object.keys(COUNTERS).filter((counter) => !limits.some((limit) => limit.counter === counter));
  const rows = [...limits, ...others.map((counter) => ({ counter, most: null, time: UNLIMITED }))];
  const columns = ["What", "While watched", "At this pace", "The plan", "Share"];
  return table(
    "What was counted while this page looked on, and what that pace comes to without this page's looks.",
    columns,
    new Set(),
    rows.map((limit) => planRow(record, limit)),
  );
}

function planRow(record, limit) {
  const { name, unit } = COUNTERS[limit.counter];
  const seen = growth(record, limit.counter);
  // An open console is no part of what the catalog costs day and night.
  const pace = seen && seen.ms >= FEW_MS ? ((seen.by - seen.own) / seen.ms) * limit.time.ms : null;
  return el(
    "tr",
    { dataset: { counter: limit.counter } },
    el("th", { scope: "row" }, name),
    el(
      "td",
      {},
      seen ? `${exact(seen.by, unit)} in ${duration(seen.ms / 1_000)}` : "not known yet",
      seen?.own > 0 && el("span", { class: "soft small block" }, `about ${count(seen.own)} of them this page's own`),
    ),
    el("td", {}, pace === null ? "after a minute" : `${rough(pace, unit)} ${limit.time.word}`),
    el("td", {}, planWords(limit, unit)),
    el("td", { class: "share" }, shareCell(limit, pace, seen?.ms < EARLY_MS)),
  );
}

function planWords({ most, time, price, per }, unit) {
  if (most === null) return "no limit in the table";
  if (price === undefined) return `at most ${exact(most, unit)} ${time.word}`;
  const each = `${dollars(price)} for each ${exact(per)}`;
  return most === 0 ? each : `${exact(most, unit)} ${time.word}, then ${each}`;
}

function shareCell(limit, pace, isEarly) {
  if (pace === null || limit.most === null) return "–";
  const price = priceOf(limit, pace);
  if (limit.most === 0) return `${dollars(price)} ${limit.time.word}`;
  const share = pace / limit.most;
  const { tone, words } = isEarly ? { tone: "accent", words: "too early to tell" } : judged(share, price, limit.time);
  return [
    bar({ share, tone, label: `${percent(share)} of the plan` }),
    el("span", { class: `small block text-${tone}` }, `${percent(share)}: ${words}`),
  ];
}

function judged(share, price, time) {
  if (share > 1) return { tone: "bad", words: price === null ? "over the limit" : `beyond it: ${dollars(price)} ${time.word}` };
  return share > 0.8 ? { tone: "warn", words: "nearly used up" } : { tone: "ok", words: "fits" };
}

/** What this page costs while it looks. */
export function ownShare(everyMs) {
  const anHour = Math.round((3_600_000 / everyMs) * LOOK_COSTS.commands + 60 * METRICS_COSTS.commands);
  return el(
    "p",
    { class: "soft small" },
    `Watching costs too: looking every ${duration(everyMs / 1_000)} is about ${plural(anHour, "Redis command")} an hour, and with each look a read of KV and a question to the origin. It is left out of the pace. Look less often, or pause.`,
  );
}

/** What a look adds: statistics, after what was counted since the last ones, and /readyz (docs/console.md, "What watching costs"). */
export const LOOK_COSTS = { commands: 7, kvReads: 1, served: 2 };
export const METRICS_COSTS = { commands: 2, kvReads: 0, served: 1 };

const REASONS = [
  ["catalog_stale_serves_total", "Stale serves"],
  ["catalog_publish_refusals_total", "Publications refused"],
  ["catalog_quarantines_total", "Snapshots quarantined"],
];

/** Why something stale was served, or something was not published: what is counted by reason. */
export function reasonTable({ metrics, metricsAt }) {
  if (!metrics) return el("p", { class: "soft" }, "Not available: the metrics could not be read.");
  const rows = REASONS.flatMap(([metric, what]) => nonzero(metrics, metric, "reason").map(([why, number]) => [what, why, number]));
  if (rows.length === 0)
    return el(
      "p",
      { class: "soft" },
      "None: nothing stale was served, nothing was refused, nothing was quarantined. Metrics of ",
      moment(metricsAt),
      ".",
    );
  return table(
    "By reason, of all isolates, since counting began; read once a minute.",
    ["What", "Reason", "How often"],
    new Set(["How often"]),
    rows.map(([what, why, number]) =>
      el("tr", {}, el("th", { scope: "row" }, what), el("td", {}, reason(why)), el("td", { class: "number" }, exact(number))),
    ),
  );
}
