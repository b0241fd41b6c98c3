// The forms for what an operator can do. Each says before what it will do, and after what it did.
import { el, fill } from "../../shared/dom.js";
import { clock } from "../../shared/words.js";
import { askOperators, listProviders } from "../operators.js";
import { MODES } from "../words.js";
import { clearAction, modeAction, warmAction } from "./actions.js";
import { isConfirmed } from "./confirm.js";

const PROVIDER = "provider:";
const CLEARED = { unique_models: "Everything", provider: "One provider's models", provider_errors: "A provider's failures" };
const CLEAR_MODES = { hard: "hard: served only when the origin cannot answer", soft: "soft: served while it is refreshed" };

/**
 * Returns {node, update(stats)}. `latest()` gives the latest statistics or null; `done(entry)` hears of what was done.
 * @param {{latest: () => any, done: (entry: {at: number, title: string, tone: string, lines: string[]}) => void}} of
 */
export function steeringForms({ latest, done }) {
  const forms = [clearForm(latest), warmForm(), modeForm(latest)];
  const node = el(
    "div",
    { class: "steering" },
    forms.map((form) => form.node),
  );
  for (const form of forms) {
    form.node.addEventListener("submit", (event) => {
      event.preventDefault();
      carryOut(form, done);
    });
  }
  const known = new Set();
  const offer = (slugs) => {
    const size = known.size;
    for (const slug of slugs) known.add(slug);
    if (known.size > size) for (const form of forms) offerProviders(form, [...known].sort());
  };
  // An isolate tells in its statistics of the providers that it knows, and of none while it is young. The list is asked for when one
  // is to be chosen, and not before: a look must not have the origin read.
  const choose = async () => {
    if (known.size === 0) offer(await listProviders());
  };
  for (const { asks } of forms) asks?.input.addEventListener(asks.event, choose);
  return {
    node,
    /** Offers the providers that there are, and leaves what is chosen alone. */
    update: ({ sources }) =>
      offer(
        Object.keys(sources)
          .filter((name) => name.startsWith(PROVIDER))
          .map((name) => name.slice(PROVIDER.length)),
      ),
  };
}

function offerProviders({ providers, first }, slugs) {
  if (!providers) return;
  const chosen = providers.value;
  fill(
    providers,
    first && option("", first),
    slugs.map((slug) => option(slug, slug)),
  );
  if (slugs.includes(chosen)) providers.value = chosen;
}

async function carryOut({ action, outcome, submit }, done) {
  const chosen = action();
  // Not disabled: that would take the focus away.
  if (submit.ariaDisabled === "true" || !(await isConfirmed(chosen))) return;
  submit.ariaDisabled = "true";
  fill(outcome, el("p", { class: "soft" }, "Asked; waiting for the answer."));
  const answer = await askOperators(chosen.path, { body: chosen.body });
  submit.ariaDisabled = null;
  const told = answer.ok ? chosen.after(answer.body) : { tone: "bad", lines: [refusal(answer)] };
  const entry = { at: Date.now(), title: chosen.title, ...told };
  fill(outcome, outcomeOf(entry, answer.body));
  done(entry);
}

function refusal({ status, words }) {
  if (status === 404) return "Not available: this deployment has no such route (404). docs/operations.md says how it is done without.";
  if (status === 409) return `Not done: ${words}`;
  return words;
}

function outcomeOf({ at, title, tone, lines }, answer) {
  return el(
    "div",
    { class: `notice ${tone}` },
    el("p", {}, el("strong", {}, `${tone === "bad" ? "Not done" : "Done"}: ${title}`), ` at ${clock(at)}`),
    lines.map((line) => el("p", {}, line)),
    answer &&
      el(
        "details",
        {},
        el("summary", {}, "The whole answer"),
        el("pre", { class: "code", tabindex: "0" }, JSON.stringify(answer, null, 2)),
      ),
  );
}

function clearForm(latest) {
  const what = select("clear-what", CLEARED);
  const mode = select("clear-mode", CLEAR_MODES);
  const providers = select("clear-provider", {});
  const provider = field("Provider", providers);
  const modes = field("How", mode);
  const offer = () => {
    provider.hidden = what.value === "unique_models";
    providers.required = !provider.hidden;
    modes.hidden = what.value === "provider_errors";
  };
  what.addEventListener("change", offer);
  offer();
  const action = () =>
    clearAction({ what: what.value, provider: providers.value, mode: mode.value, epoch: latest()?.isolate.epoch ?? null });
  return {
    ...form("Clear", "Says that what is cached is wrong or old.", [field("What", what), provider, modes], "Clear …"),
    action,
    providers,
    asks: { input: what, event: "change" },
  };
}

function warmForm() {
  const providers = select("warm-provider", { "": "The catalog" });
  const force = el("input", { type: "checkbox", id: "warm-force" });
  const check = el("label", { class: "check", for: "warm-force" }, force, "Force: accept a catalog that lost more than half of its models");
  const action = () => warmAction({ provider: providers.value, isForced: force.checked });
  return {
    ...form("Warm", "Loads from the origin once, and publishes.", [field("What", providers), check], "Warm …"),
    action,
    providers,
    asks: { input: providers, event: "focus" },
    first: "The catalog",
  };
}

function modeForm(latest) {
  const mode = select("mode", Object.fromEntries(Object.entries(MODES).map(([name, words]) => [name, `${name}: ${words}`])));
  const action = () => modeAction({ mode: mode.value, current: latest()?.isolate.mode ?? "active" });
  return { ...form("Mode", "What every isolate may do, without a deployment.", [field("Mode", mode)], "Set the mode …"), action };
}

function form(title, words, fields, label) {
  const submit = el("button", { type: "submit" }, label);
  const outcome = el("div", { class: "outcome", role: "status" });
  const id = `steer-${title.toLowerCase()}`;
  const node = el(
    "form",
    { class: "panel steer", "aria-labelledby": id },
    el("h3", { id }, title),
    el("p", { class: "soft small" }, words),
    fields,
    el("div", { class: "actions" }, submit),
    outcome,
  );
  return { node, submit, outcome };
}

function field(label, input) {
  return el("div", { class: "field" }, el("label", { for: input.id }, label), input);
}

/** A choice of these, by value. */
export function select(id, options) {
  return el(
    "select",
    { id },
    Object.entries(options).map(([value, text]) => option(value, text)),
  );
}

const option = (value, text) => el("option", { value }, text);
