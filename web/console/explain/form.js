// Explains a request of the API: what it was understood as, what each tier said, and why it was answered so. What is asked for
// stands in the page's address, so that it can be shared; the token never does.
import { el, fill } from "../../shared/dom.js";
import { announce } from "../../shared/widgets.js";
import { ROUTES, askOperators } from "../operators.js";
import { explanation } from "./walks.js";

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
    announce(answer.ok ? (answer.body.walks[0]?.why ?? `Answered ${answer.body.answer.status}`) : outcome.textContent);
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
