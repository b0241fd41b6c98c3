// The table of the catalog. Only the rows in sight are in the document: thousands of models scroll as fast as ten. Rows have one
// height, which the styles give, so that where a row is needs no measuring.
import { el, fill } from "../../shared/dom.js";
import { COLUMNS, cellsOf } from "./columns.js";

const AROUND = 8;
const KEYS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

/**
 * Makes the table. `show(records, view)` shows others; `focus(name)` goes to a model's row.
 * @param {{onSort: (sortBy: string) => void, onOpen: (name: string) => void, onCompare: (name: string) => void}} on
 */
export function makeTable(on) {
  const state = { records: [], view: null, rows: new Map(), active: 0, rowHeight: 0 };
  const head = el("tr", { role: "row", "aria-rowindex": 1, class: "head-row" });
  const body = el("tbody", { role: "rowgroup" });
  const node = el(
    "table",
    { role: "grid", class: "catalog", "aria-label": "Models", "aria-readonly": "true", "aria-multiselectable": "true" },
    el("thead", { role: "rowgroup" }, head),
    body,
  );
  const table = {
    node,
    show: (records, view) => show(state, { node, head, body }, on, records, view),
    focus: (name) => focusName(state, body, on, name),
  };
  const again = () => renderRows(state, body, on);
  window.addEventListener("scroll", again, { passive: true });
  window.addEventListener("resize", () => {
    state.rowHeight = 0;
    again();
  });
  body.addEventListener("keydown", (event) => onKey(event, state, body, on));
  body.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr");
    if (row) activate(state, Number(row.dataset.at));
  });
  body.addEventListener("click", (event) => onClick(event, on));
  return table;
}

function show(state, { node, head, body }, on, records, view) {
  state.records = records;
  state.view = view;
  state.active = Math.min(state.active, Math.max(0, records.length - 1));
  node.setAttribute("aria-rowcount", records.length + 1);
  const hasMonth = view.tokensIn !== null || view.tokensOut !== null;
  node.classList.toggle("has-month", hasMonth);
  // On a phone a row has another line with it.
  state.rowHeight = 0;
  const focused = head.contains(document.activeElement) ? document.activeElement.dataset.sort : null;
  fill(
    head,
    COLUMNS.filter(({ sort }) => sort !== "month" || hasMonth).map((column) => headCell(column, view, on)),
  );
  if (focused) head.querySelector(`[data-sort="${focused}"]`)?.focus();
  // Which model a row shows may be another one now; a focus in it moves along, or stays at its place.
  const focus = body.contains(document.activeElement) ? document.activeElement : null;
  const name = focus?.closest("tr").dataset.name;
  const isBox = focus?.matches("input");
  for (const row of state.rows.values()) row.remove();
  state.rows.clear();
  renderRows(state, body, on);
  if (focus) focusName(state, body, on, name, isBox);
}

function headCell({ sort, label, short, title, numeric, name }, view, on) {
  const isSorted = view.sortBy === sort;
  const direction = view.order === "asc" ? "ascending" : "descending";
  const props = {
    role: "columnheader",
    scope: "col",
    class: `cell ${name}${numeric ? " number" : ""}`,
    "aria-sort": isSorted ? direction : "none",
  };
  if (!sort) return el("th", { ...props, "aria-sort": null }, el("span", { class: "visually-hidden" }, label));
  const arrow = isSorted ? (view.order === "asc" ? "↑" : "↓") : "";
  return el(
    "th",
    props,
    el(
      "button",
      { type: "button", class: "sort", title, dataset: { sort }, onclick: () => on.onSort(sort) },
      short ?? label,
      short && el("span", { class: "visually-hidden" }, `: ${label}`),
      el("span", { class: "arrow", "aria-hidden": "true" }, arrow),
    ),
  );
}

// Makes the rows in sight, and keeps the one that has the focus.
function renderRows(state, body, on) {
  const { records, rows } = state;
  if (!state.rowHeight) {
    state.rowHeight = Number.parseFloat(getComputedStyle(body).getPropertyValue("--row")) || 48;
    for (const [at, row] of rows) place(row, at, state);
  }
  body.style.height = `${records.length * state.rowHeight}px`;
  const top = -body.getBoundingClientRect().top;
  const first = Math.max(0, Math.floor(top / state.rowHeight) - AROUND);
  const last = Math.min(records.length - 1, Math.ceil((top + innerHeight) / state.rowHeight) + AROUND);
  for (const [at, row] of rows) {
    const isInSight = at >= first && at <= last;
    if (isInSight || row.contains(document.activeElement)) continue;
    row.remove();
    rows.delete(at);
  }
  const missing = [];
  for (let at = first; at <= last; at += 1) if (!rows.has(at)) missing.push(at);
  for (const at of missing) {
    const row = makeRow(records[at], at, state);
    rows.set(at, row);
    // In the order of the catalog, as it is read aloud.
    const next = [...rows.keys()].filter((other) => other > at).sort((a, b) => a - b)[0];
    body.insertBefore(row, next === undefined ? null : rows.get(next));
  }
}

function makeRow(record, at, state) {
  const { view } = state;
  const isCompared = view.compared.some((item) => item.name === record.name && item.slug === null);
  const row = el(
    "tr",
    { role: "row", class: "row", "aria-rowindex": at + 2, "aria-selected": String(isCompared), dataset: { at, name: record.name } },
    cellsOf(record, view, { isCompared, isActive: at === state.active }),
  );
  place(row, at, state);
  return row;
}

function place(row, at, state) {
  row.style.transform = `translateY(${at * state.rowHeight}px)`;
}

function onClick(event, on) {
  const row = event.target.closest("tr");
  if (!row || event.defaultPrevented) return;
  const { name } = row.dataset;
  if (event.target.closest("label, input")) {
    if (event.target.matches("input")) on.onCompare(name);
    return;
  }
  // A new tab is the browser's, by the link; and who selects text does not want it opened.
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0 || String(getSelection())) return;
  event.preventDefault();
  on.onOpen(name);
}

function onKey(event, state, body, on) {
  const row = event.target.closest("tr");
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = KEYS[event.key];
  if (step !== undefined) {
    event.preventDefault();
    focusAt(state, body, on, Number(row.dataset.at) + step, event.target.matches("input"));
  } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    event.preventDefault();
    row.querySelector(event.key === "ArrowLeft" ? "input" : "a").focus();
  } else if (event.key === "x") {
    on.onCompare(row.dataset.name);
  }
}

function focusName(state, body, on, name, isBox) {
  const at = state.records.findIndex((record) => record.name === name);
  if (at >= 0) focusAt(state, body, on, at, isBox);
}

function focusAt(state, body, on, wanted, isBox = false) {
  const at = Math.max(0, Math.min(state.records.length - 1, wanted));
  scrollTo(state, body, at);
  renderRows(state, body, on);
  activate(state, at);
  state.rows
    .get(at)
    ?.querySelector(isBox ? "input" : "a")
    ?.focus({ preventScroll: true });
}

// Into sight, between what sticks to the top and to the bottom.
function scrollTo(state, body, at) {
  const above = Number.parseFloat(getComputedStyle(body).getPropertyValue("--stuck-top")) || 0;
  const below = Number.parseFloat(getComputedStyle(body).getPropertyValue("--stuck-bottom")) || 0;
  const top = body.getBoundingClientRect().top + at * state.rowHeight;
  const bottom = top + state.rowHeight;
  if (top < above) window.scrollBy(0, top - above - 4);
  else if (bottom > innerHeight - below) window.scrollBy(0, bottom - innerHeight + below + 4);
}

// One row is reached by Tab; the arrows go to the others.
function activate(state, at) {
  const tabStops = (row, index) => row?.querySelectorAll("a, input").forEach((stop) => (stop.tabIndex = index));
  if (at !== state.active) tabStops(state.rows.get(state.active), -1);
  state.active = at;
  tabStops(state.rows.get(at), 0);
}
