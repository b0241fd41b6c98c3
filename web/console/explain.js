// Explains a request of the API: what it was understood as, what each tier said, and why it was answered so. What is asked for
// stands in the page's address, so that it can be shared; the token never does.
import { el, fill } from "../shared/dom.js";
import { bar } from "../shared/plot.js";
import { announce, badge } from "../shared/widgets.js";
import { count, duration, listed, milliseconds } from "../shared/words.js";
import { exact } from "./figures.js";
import { table } from "./live/sources.js";
import { ROUTES, askOperators } from "./operators.js";
import { TIERS, reason } from "./words.js";

const OUTCOMES = {
  hit: ["ok", "hit", "it had it"],
  stale: ["warn", "stale", "it had something too old to serve at once"],
  miss: ["mute", "miss", "it had nothing to serve"],
  bypass: ["mute", "bypass", "it was not asked"],
  request: ["mute", "request", "what it had was fresh for less than the client wants"],
};
const SERVED = { HIT: "ok", STALE: "warn", MISS: "accent" };

/** Returns {node, start()}: start() explains what the address asks for, if it does. */
export function explainForm() {
  const input = el("input", {
    id: "explain-url",
    type: "text",
    inputmode: "url",
    spellcheck: "false",
    autocomplete: "off",
    required: true,
    value: "/models/unique?limit=5",
  });
  const outcome = el("div", { class: "outcome" });
  const node = el(
    "form",
    { class: "explain", "aria-label": "Explain a request" },
    el("div", { class: "field" }, el("label", { for: "explain-url" }, "Path and query of a request"), input),
    el("button", { type: "submit", class: "primary" }, "Explain"),
    outcome,
  );
  const run = async () => {
    const asked = relative(input.value.trim());
    input.value = asked;
    keepInAddress(asked);
    fill(outcome, el("p", { class: "soft" }, "Asked; waiting for the answer."));
    const answer = await askOperators(`${ROUTES.explain}?url=${encodeURIComponent(asked)}`);
    fill(outcome, answer.ok ? explanation(answer.body) : refusal(answer, asked));
    announce(answer.ok ? answer.body.why : outcome.textContent);
  };
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  return {
    node,
    start() {
      const shared = new URL(location.href).searchParams.get("explain");
      if (shared === null) return;
      input.value = shared;
      run();
    },
  };
}

/** Of a whole address only what the API sees of it: whoever pastes one means this deployment. */
function relative(text) {
  if (!URL.canParse(text)) return text.startsWith("/") ? text : `/${text}`;
  const url = new URL(text);
  return `${url.pathname}${url.search}`;
}

function keepInAddress(asked) {
  const url = new URL(location.href);
  url.searchParams.set("explain", asked);
  history.replaceState(null, "", url);
}

function refusal({ status, words }, asked) {
  if (status !== 404) return el("p", { class: "notice bad" }, words);
  const path = asked.split("?")[0];
  return el(
    "p",
    { class: "notice warn" },
    `Not available (404): the API has no path ${path}, or this deployment does not explain requests.`,
  );
}

function explanation({ request, route, parameters, view, walk, answer, why, behind, took_ms: took }) {
  return [
    el(
      "p",
      { class: "why" },
      badge(SERVED[answer.served] ?? (answer.status < 400 ? "mute" : "bad"), answer.served ?? String(answer.status)),
      " ",
      el("strong", {}, why),
    ),
    el(
      "p",
      { class: "soft small" },
      `GET ${request.path}${request.query ? `?${request.query}` : ""}, route ${route ?? "none"}, explained in ${milliseconds(took)}.`,
    ),
    walkTable(walk),
    el(
      "dl",
      { class: "facts wide" },
      answerFacts(answer, behind).map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]),
      view && [el("dt", {}, "View"), el("dd", {}, viewWords(view)), el("dt", {}, "Key"), el("dd", { class: "mono" }, view.key ?? "none")],
    ),
    parameterTable(parameters ?? []),
  ];
}

const viewWords = ({ source, parameters }) => [`of source ${source}`, Object.keys(parameters ?? {}).length > 0 && `: ${pairs(parameters)}`];
const pairs = (parameters) => listed(Object.entries(parameters).map(([name, value]) => `${name} ${value ?? "none"}`));

function answerFacts(
  { status, age_secs: age, count: models, etag, cache_status: cacheStatus, cache_control: cacheControl, bytes },
  behind,
) {
  return [
    ["Status", String(status)],
    ["Models", models === null ? "–" : exact(models)],
    ["Bytes", exact(bytes)],
    ["Age", age === null ? "–" : exact(age, "s")],
    ["Left to do behind", behind?.length > 0 ? listed(behind) : "nothing"],
    ["ETag", mono(etag)],
    ["Cache-Status", mono(cacheStatus)],
    ["Cache-Control", mono(cacheControl)],
  ];
}

const mono = (text) => (text ? el("span", { class: "mono" }, text) : "–");

function walkTable(walk) {
  if (!walk || walk.length === 0) return el("p", { class: "soft" }, "No tier was asked.");
  const longest = Math.max(1, ...walk.map(({ took_ms: ms }) => ms ?? 0));
  return table(
    "The tiers in the order in which they were asked.",
    ["Tier", "Outcome", "Time", "Why"],
    new Set(),
    walk.map((step) => stepRow(step, longest)),
  );
}

function stepRow({ tier, outcome, detail, took_ms: ms, derived, ttl_secs: ttl, stored, collapsed }, longest) {
  const [tone, word, words] = OUTCOMES[outcome] ?? ["mute", outcome, ""];
  const more = [
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
    el("td", {}, badge(tone, word)),
    el("td", { class: "share" }, time),
    el("td", {}, more.filter(Boolean).join("; ")),
  );
}

function parameterTable(parameters) {
  if (parameters.length === 0) return el("p", { class: "soft" }, "No parameter was understood.");
  return table(
    "Parameters as understood.",
    ["Parameter", "Value", "From"],
    new Set(),
    parameters.map(({ name, value, given }) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, name),
        el("td", { class: "mono" }, value === null ? "none" : String(value)),
        el("td", {}, given ? "the request" : "default"),
      ),
    ),
  );
}
