// The tiers as cards: what each is just now, and what of it is known.
import { el } from "../../shared/dom.js";
import { bar, plot } from "../../shared/plot.js";
import { ago, milliseconds } from "../../shared/words.js";
import { badge } from "../../shared/widgets.js";
import { exact, moment, percent, since } from "../figures.js";
import { reason } from "../words.js";
import { minutesShown, perMinute } from "../savings/record.js";
import { minutesWords } from "../savings/view.js";
import { probed, tierVerdicts } from "./verdict.js";

const FACTS = { memory: memoryFacts, colo: coloFacts, upstash: redisFacts, kv: kvFacts, origin: originFacts };

/** @param {import("./verdict.js").Known & {record: any}} known */
export function tierCards(known) {
  return el(
    "ul",
    { class: "tiers" },
    tierVerdicts(known).map(({ tier, name, verdict }) => card(known, tier, name, verdict)),
  );
}

function card(known, tier, name, { tone, word, why }) {
  const facts = FACTS[tier](known).filter(([, value]) => value !== null && value !== undefined);
  return el(
    "li",
    { class: `panel tier ${tone}`, dataset: { tier, tone } },
    el("h3", {}, name),
    el("p", { class: "verdict" }, badge(tone, word), why && el("span", { class: "soft small" }, why)),
    el(
      "dl",
      { class: "facts" },
      facts.map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]),
    ),
    latency(known, tier),
  );
}

function memoryFacts({ stats, now }) {
  const { isolate } = stats;
  const share = isolate.memory_max_bytes === 0 ? 0 : isolate.memory_bytes / isolate.memory_max_bytes;
  return [
    ["hits", exact(stats.tiers.memory.hits)],
    ["hits here", exact(isolate.tiers.memory.hits)],
    [
      "cached",
      [
        `${exact(isolate.memory_bytes)} of ${exact(isolate.memory_max_bytes, "bytes")}`,
        bar({ share, label: `${percent(share)} of what memory may hold` }),
      ],
    ],
    ["Wasm", exact(isolate.wasm_memory_bytes, "bytes")],
    ["orders", exact(isolate.orders)],
    ["epoch", isolate.epoch === null ? "not known yet" : String(isolate.epoch)],
    ["barrier", isolate.barrier === null ? "none" : String(isolate.barrier)],
    ["backend's epoch", isolate.backend_epoch === null ? null : String(isolate.backend_epoch)],
    ["verified", isolate.verified_at_ms > 0 ? since(isolate.verified_at_ms, now) : "never"],
    ["mode", isolate.mode],
  ];
}

function coloFacts({ stats, now }) {
  const { colo, front } = stats.isolate;
  return [
    ["hits", exact(stats.tiers.colo.hits)],
    ["errors", exact(stats.tiers.colo.errors)],
    ["told by Redis", colo.told_at_ms === null ? "never" : since(colo.told_at_ms, now)],
    ...contactFacts(stats, "colo", now),
    ["in front", front.state],
    ["invalidated", front.last_invalidated_at_ms === null ? null : since(front.last_invalidated_at_ms, now)],
    ["front refused", front.state === "off" ? null : exact(front.refused)],
  ];
}

function redisFacts(known) {
  const { stats, now } = known;
  const paused = stats.isolate.publishing_paused;
  return [
    ["hits", exact(stats.tiers.upstash.hits)],
    ["errors", exact(stats.tiers.upstash.errors)],
    ["answer", answerOf(known, "upstash")],
    ["breaker", stats.isolate.breakers.upstash],
    ...contactFacts(stats, "upstash", now),
    ["writes", paused ? reason(paused.reason) : "not paused"],
    ["no connection", stats.redis ? exact(stats.redis.connection_errors, "calls") : null],
    ["largest request", exact(stats.isolate.request_bytes_max, "bytes")],
  ];
}

function kvFacts(known) {
  const { stats, now } = known;
  return [
    ["hits", exact(stats.tiers.kv.hits)],
    ["errors", exact(stats.tiers.kv.errors)],
    ["answer", answerOf(known, "kv")],
    ["breaker", stats.isolate.breakers.kv],
    ...contactFacts(stats, "kv", now),
    ["hedges", exact(stats.hedges)],
  ];
}

function originFacts(known) {
  const { stats, now } = known;
  return [
    ["loads", exact(stats.tiers.origin.loads)],
    ["failed loads", exact(stats.tiers.origin.errors)],
    ["answer", answerOf(known, "origin")],
    ...contactFacts(stats, "origin", now),
    ["quarantined", exact(stats.quarantined)],
    ["last warm", stats.last_warm ? since(stats.last_warm.at_ms, now) : "none is known"],
  ];
}

function answerOf(known, tier) {
  const probe = probed(known, tier);
  if (!probe) return "not asked just now";
  const when = ago(known.readiness.body.checked_at_ms, known.now);
  return probe.answers ? `in ${milliseconds(probe.duration_ms)}, ${when}` : `none after ${milliseconds(probe.duration_ms)}, ${when}`;
}

function contactFacts(stats, tier, now) {
  const contact = stats.isolate.contacts?.[tier];
  if (!contact) return [["last error", "not available"]];
  const took = contact.took_ms === null ? "" : ` in ${milliseconds(contact.took_ms)}`;
  const failed = contact.failed_at_ms;
  return [
    ["last answer", contact.answered_at_ms === null ? "none in this isolate" : [`${ago(contact.answered_at_ms, now)}${took}`]],
    ["last error", failed === null ? "none in this isolate" : [reason(contact.error), ", ", moment(failed), `, ${ago(failed, now)}`]],
  ];
}

const PROBED = new Set(["upstash", "kv", "origin"]);

function latency({ record, now }, tier) {
  if (!PROBED.has(tier)) return null;
  const minutes = minutesShown(record, now);
  const points = perMinute(record, now, (samples) => slowest(samples, tier)).slice(-minutes);
  const told = points.map(([, ms]) => ms).filter((ms) => ms !== null);
  if (told.length === 0) return null;
  const label = `Slowest answer in each minute: ${milliseconds(Math.min(...told))} to ${milliseconds(Math.max(...told))}`;
  return el(
    "figure",
    {},
    el("figcaption", { class: "soft small" }, "slowest answer in each minute"),
    plot({
      label,
      series: [{ name: label, points }],
      width: 230,
      height: 72,
      xRange: [1 - minutes, 0],
      steps: true,
      yWords: milliseconds,
      xWords: minutesWords,
    }),
  );
}

function slowest(samples, tier) {
  const took = samples.map(({ latency }) => latency?.[tier]).filter((ms) => ms !== undefined && ms !== null);
  return took.length === 0 ? null : Math.max(...took);
}
