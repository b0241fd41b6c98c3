// The visitors' page: the catalog as a table, models opened and compared, and the API's request under all of it.
import { byId, el, fill } from "../shared/dom.js";
import { announce, badge, button, copyButton } from "../shared/widgets.js";
import { ago, plural } from "../shared/words.js";
import { readChanges } from "./data/changes.js";
import { requestOf } from "./data/request.js";
import { select } from "./data/select.js";
import { COMPARED_MAX, filterParams, isFiltered, isSame, readView, unfiltered, writeView } from "./data/view.js";
import { makeCatalog } from "./catalog.js";
import { makeAsked } from "./parts/asked.js";
import { COLUMNS } from "./parts/columns.js";
import { makeCompare } from "./parts/compare.js";
import { makeFilters } from "./parts/filters.js";
import { catalogHistory } from "./parts/history.js";
import { makeMix } from "./parts/mix.js";
import { makeModel } from "./parts/model.js";
import { makePanel } from "./parts/panel.js";
import { makeTable } from "./parts/table.js";

const TITLE = "Model catalog";
const TYPING_MS = 80;
const SAID_MS = 10_000;
const PHONE = matchMedia("(width < 1000px)");

let view = readView(location.search);
let shown = { records: [], facets: null };
const catalog = makeCatalog({ onChange: render });

const table = makeTable({ onSort: sortBy, onOpen: open, onCompare: (name) => compare({ name, slug: null, nth: 0 }) });
const filters = makeFilters(change);
const mix = makeMix(change);
const model = makeModel({ change, onCompare: compare });
const comparison = makeCompare({ change, onCompare: compare, onOpen: open });
const asked = makeAsked({ copyKey: "c" });
const modelPanel = makePanel({ name: "model", onClose: () => close({ model: null }) });
const comparePanel = makePanel({ name: "compare", onClose: () => close({ isComparing: false }) });
const changesPanel = makePanel({ name: "changes", onClose: () => close({ showsChanges: false }) });
const filterPanel = makePanel({ name: "filters-panel", onClose: () => filterPanel.close() });

const search = byId("search");
const request = byId("request");
const copying = copyButton("Copy", asked.text, {
  id: "request-copy",
  "aria-keyshortcuts": "c",
  title: "Copies the request, as the key c does",
});

/** Changes the view, and the address with it: `isStep` is one that the browser's way back undoes. */
function change(patch, { isStep = false, isPanel = false } = {}) {
  const wasInactive = view.inactive;
  view = { ...view, ...patch };
  const address = `${location.pathname}${writeView(view)}`;
  if (isStep) history.pushState({ isPanel }, "", address);
  else history.replaceState(history.state, "", address);
  if (view.inactive !== wasInactive) catalog.load(view);
  render();
}

function sortBy(column) {
  const { first } = COLUMNS.find(({ sort }) => sort === column);
  const other = view.order === "asc" ? "desc" : "asc";
  change({ sortBy: column, order: view.sortBy === column ? other : first }, { isStep: true });
}

function open(name) {
  change({ model: name, isComparing: false, showsChanges: false }, { isStep: true, isPanel: true });
}

function isInPanel({ model: name, isComparing, showsChanges }) {
  return name !== null || isComparing || showsChanges;
}

// What was opened here is closed by going back, as the browser's own way back does; what an address opened is closed in place.
function close(patch) {
  if (history.state?.isPanel) history.back();
  else change(patch);
}

function compare(item) {
  const others = view.compared.filter((other) => !isSame(other, item));
  const isNew = others.length === view.compared.length;
  if (isNew && others.length === COMPARED_MAX) {
    announce(`Only ${COMPARED_MAX} can be compared`);
    return render();
  }
  change({ compared: isNew ? [...others, item] : others });
  announce(isNew ? `${item.name} is compared: ${view.compared.length} of ${COMPARED_MAX}` : `${item.name} is not compared any more`);
}

function render() {
  const { records, known, byName } = catalog;
  if (document.activeElement !== search) search.value = view.q;
  mix.show(view);
  filters.show(view, (shown = select(records, view)).facets, known);
  table.show(shown.records, view);
  sayCount();
  byId("sort").value = `${view.sortBy} ${view.order}`;
  const chosen = new Set(filterParams({ ...view, inactive: false }).keys()).size;
  byId("filters-open").textContent = chosen > 0 ? `Filters (${chosen})` : "Filters";
  fill(byId("compare-open"), view.compared.length > 0 ? `Compare ${view.compared.length}` : "Compare");
  showNotices();
  sayServed();
  showRequest();
  showPanels(byName);
}

// How the catalog came, and how old it is by now.
function sayServed() {
  const { served, loadedAtMs } = catalog;
  if (!served) return;
  const readAtMs = loadedAtMs - (served.ageSecs ?? 0) * 1_000;
  fill(byId("served"), badge(served.tone, served.word, served.text), ` read from the database ${ago(readAtMs)}`);
}

// What is there already is not said again with every key that is typed.
function showNotices() {
  const node = byId("notices");
  const notices = catalog.notices();
  if (node.textContent !== notices.map(({ textContent }) => textContent).join("")) fill(node, notices);
}

function sayCount() {
  const { total, isLoaded, problem } = catalog;
  const all = total === null ? "" : isFiltered(view) ? ` of ${plural(total, "model")}` : "";
  const found = isFiltered(view) ? String(shown.records.length) : plural(shown.records.length, "model");
  byId("count").textContent =
    total === null ? (problem ? "No models" : "Loading …") : `${found}${all}${isLoaded || problem ? "" : ", loading more …"}`;
  table.node.hidden = total === null;
  const isEmpty = total !== null && shown.records.length === 0;
  fill(
    byId("empty"),
    isEmpty && [
      el("p", {}, isFiltered(view) ? "No model meets all of this." : "The catalog is empty."),
      isFiltered(view) && button("Clear filters", () => change(unfiltered(view))),
    ],
  );
}

let requested = {};

function showRequest() {
  const { path, notes } = requestOf(view, shown.records.length);
  fill(byId("request-line"), `GET ${path}`);
  const expected = catalog.isLoaded ? shown.records.length : null;
  if (path === requested.path && expected === requested.expected) return;
  requested = { path, expected };
  asked.show({ path, notes, expected });
  askSoon();
}

let soon;

// Nobody is asked while somebody types, nor while nobody looks.
function askSoon() {
  clearTimeout(soon);
  if (request.open) soon = setTimeout(asked.answer, 400);
}

function showPanels(byName) {
  document.title = view.model === null ? TITLE : `${view.model} · ${TITLE}`;
  const record = view.model === null ? undefined : byName.get(view.model);
  if (record) {
    modelPanel.open(record.name, model.content(record, view));
    modelPanel.node.dataset.name = record.name;
  } else closeModel();
  if (view.isComparing) comparePanel.open(`Side by side (${view.compared.length} of ${COMPARED_MAX})`, comparison.content(byName, view));
  else comparePanel.close();
  if (!view.showsChanges) changesPanel.close();
  else if (!changesPanel.node.open) showChanges();
}

function closeModel() {
  model.forget();
  if (!modelPanel.node.open) return;
  const name = modelPanel.node.dataset.name;
  modelPanel.close();
  if (name) table.focus(name);
}

async function showChanges() {
  changesPanel.open("What changed lately", el("p", { class: "soft" }, "Reading the changes …"));
  try {
    fill(changesPanel.content, catalogHistory(await readChanges({ ...view, isAnew: true }), view));
  } catch (problem) {
    fill(changesPanel.content, el("p", {}, problem.message), button("Try again", showChanges));
  }
}

function placeFilters() {
  (PHONE.matches ? filterPanel.content : byId("filters")).append(filters.node);
  if (!PHONE.matches) filterPanel.close();
}

function makeSortChoice() {
  const words = ({ sort, label, short }) => [
    el("option", { value: `${sort} desc` }, `${short ?? label} ↓`),
    el("option", { value: `${sort} asc` }, `${short ?? label} ↑`),
  ];
  fill(byId("sort"), COLUMNS.filter(({ sort }) => sort).map(words));
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  if (event.key === "/" && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "c") {
    if (modelPanel.node.open) model.asked.copy();
    else copying.click();
  }
}

function start() {
  byId("table").append(table.node);
  byId("mix").append(mix.node);
  byId("asked").append(asked.node);
  makeSortChoice();
  placeFilters();
  let typing;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => change({ q: search.value }), TYPING_MS);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") change({ q: "" }, (search.value = ""));
    else if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      clearTimeout(typing);
      change({ q: search.value });
      if (shown.records[0]) table.focus(shown.records[0].name);
    }
  });
  byId("sort").addEventListener("change", ({ target }) => {
    const [column, order] = target.value.split(" ");
    change({ sortBy: column, order }, { isStep: true });
  });
  byId("filters-open").addEventListener("click", () => filterPanel.open("Filters"));
  byId("compare-open").addEventListener("click", () => change({ isComparing: true }, { isStep: true, isPanel: true }));
  byId("changes-open").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    change({ showsChanges: true }, { isStep: true, isPanel: true });
  });
  byId("request-bar").append(copying);
  request.addEventListener("toggle", askSoon);
  changesPanel.content.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-model]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link.dataset.model);
  });
  PHONE.addEventListener("change", placeFilters);
  document.addEventListener("keydown", onKey);
  window.addEventListener("popstate", () => {
    const before = view;
    view = readView(location.search);
    // What was chosen in a panel outlives it.
    if (isInPanel(before) && !isInPanel(view)) {
      const { compared, tokensIn, tokensOut } = before;
      change({ compared, tokensIn, tokensOut });
    }
    if (view.inactive !== before.inactive) catalog.load(view);
    render();
  });
  setInterval(sayServed, SAID_MS);
  catalog.load(view);
  render();
}

start();
