// An explanation as it is shown: each walk tier by tier with its reason, the answer, and the parameters as understood.
import { el } from "../../shared/dom.js";
import { bar } from "../../shared/plot.js";
import { badge } from "../../shared/widgets.js";
import { count, duration, listed, milliseconds, plural } from "../../shared/words.js";
import { exact } from "../figures.js";
import { table } from "../live/sources.js";
import { TIERS, reason } from "../words.js";

const OUTCOMES = {
  hit: ["ok", "it had it"],
  "stale-hit": ["warn", "it had it, past its time"],
  stale: ["warn", "it had something too old to serve at once"],
  read: ["accent", "it was read"],
  miss: ["mute", "it had nothing to serve"],
  bypass: ["mute", "it was not asked"],
  request: ["mute", "what it had was fresh for less than the client wants"],
};
const SERVED = { HIT: "ok", STALE: "warn", MISS: "accent" };
/** More walks than this are folded: all providers at once are as many as there are providers. */
const WALKS_MAX = 2;

export function explanation(body) {
  const { request, route, parameters, answer, walks, took_ms: took } = body;
  const shown = walks.map((walk) => walkView(walk));
  return [
    el(
      "p",
      {},
      badge(SERVED[answer.served] ?? (answer.status < 400 ? "mute" : "bad"), answer.served ?? String(answer.status)),
      ` GET ${request.path}${request.query ? `?${request.query}` : ""}, route ${route ?? "none"}, explained in ${milliseconds(took)}.`,
    ),
    walks.length === 0 && el("p", { class: "soft" }, "No tier was asked."),
    walks.length <= WALKS_MAX
      ? shown
      : el("details", {}, el("summary", {}, `${plural(walks.length, "listing")} that the answer stands on`), shown),
    facts("The answer", answerFacts(answer)),
    parameterTable(parameters),
  ];
}

function walkView({ view, tiers, served, count: models, age_secs: age, compared_secs: compared, unavailable, why, behind }) {
  const word = served ?? (unavailable ? "unavailable" : "not served");
  return el(
    "div",
    { class: "walk" },
    el("p", {}, badge(SERVED[served] ?? "bad", word), " ", el("strong", {}, why)),
    tiers.length > 0 && tierTable(view, tiers),
    facts(`What came of the walk for ${view.source}`, [
      ["View", viewWords(view)],
      ["Key", mono(view.key)],
      ["Models", exact(models)],
      ["Age", exact(age, "s")],
      compared !== undefined && ["Compared with Redis", compared === null ? "never" : `${exact(compared, "s")} ago`],
      unavailable && ["Unavailable", reason(unavailable)],
      ["Left to do behind", behind?.length > 0 ? listed(behind) : "nothing"],
    ]),
  );
}

function viewWords({ source, parameters }) {
  const pairs = Object.entries(parameters ?? {}).map(([name, value]) => `${name} ${value ?? "none"}`);
  return pairs.length === 0 ? source : `${source}: ${listed(pairs)}`;
}

function answerFacts({ status, bytes, etag, cache_status: cacheStatus, cache_control: cacheControl, problem }) {
  return [
    ["Status", String(status)],
    ["Bytes", exact(bytes)],
    ["ETag", mono(etag)],
    ["Cache-Status", mono(cacheStatus)],
    ["Cache-Control", mono(cacheControl)],
    problem && ["Problem", mono(JSON.stringify(problem))],
  ];
}

function facts(label, rows) {
  const shown = rows.filter(Boolean).map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]);
  return el("dl", { class: "facts wide", "aria-label": label }, shown);
}

const mono = (text) => (text ? el("span", { class: "mono" }, text) : "–");

function tierTable({ source }, tiers) {
  const longest = Math.max(1, ...tiers.map(({ took_ms: ms }) => ms ?? 0));
  const columns = ["Tier", "Outcome", "Time", "Why"];
  return table(
    `The tiers that were asked for ${source}, the nearest first.`,
    columns,
    new Set(),
    tiers.map((step) => stepRow(step, longest)),
  );
}

function stepRow({ tier, outcome, detail, took_ms: ms, derived, ttl_secs: ttl, key, stored, collapsed }, longest) {
  const [tone, words] = OUTCOMES[outcome] ?? ["mute", ""];
  const why = [
    words,
    detail && reason(detail),
    typeof ttl === "number" && (ttl < 0 ? `past its time for ${duration(ttl)}` : `fresh for another ${duration(ttl)}`),
    derived && "its order was made for this request",
    collapsed && "another request's work was waited for",
    stored && "it keeps it now",
  ];
  const time = typeof ms === "number" ? [milliseconds(ms), bar({ share: ms / longest, label: `${count(ms)} ms` })] : "–";
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, TIERS[tier] ?? tier),
    el("td", {}, badge(tone, outcome)),
    el("td", { class: "share" }, time),
    el("td", {}, why.filter(Boolean).join("; "), key && el("span", { class: "mono soft block" }, key)),
  );
}

function parameterTable(parameters) {
  if (parameters.length === 0) return el("p", { class: "soft" }, "It has no parameters.");
  const from = ({ given, ignored }) => (ignored ? "ignored: the route does not know it" : given ? "the request" : "default");
  return table(
    "Parameters as understood.",
    ["Parameter", "Value", "From"],
    new Set(),
    parameters.map((parameter) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, parameter.name),
        el("td", { class: "mono" }, String(parameter.value ?? "none")),
        el("td", {}, from(parameter)),
      ),
    ),
  );
}
