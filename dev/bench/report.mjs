// What was measured, as tables of Markdown.

const micros = (value) => Math.round(value).toLocaleString("en");
const millis = (value) => (value / 1000).toFixed(value < 10_000 ? 1 : 0);
const kilobytes = (bytes) => Math.round(bytes / 1000).toLocaleString("en");
const megabytes = (bytes) => (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 2 : 0);
const ratio = (value) => value.toFixed(2);
const count = (value) => value.toLocaleString("en");

/** The whole report of the results of dev/tasks/bench.mjs. */
export function report(results) {
  const { size } = results;
  return [
    pages(results.pages),
    routes(results.routes),
    cold(results.cold),
    seldom(results),
    memory(results.memory),
    `Wasm: ${kilobytes(size.wasmBytes)} kB, gzipped ${kilobytes(size.gzippedBytes)} kB.\n`,
  ].join("\n");
}

function table(title, head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  return `${title}\n\n${line(head)}${line(head.map((_, index) => (index === 0 ? "---" : "---:")))}${rows.map(line).join("")}`;
}

function pages(rows) {
  const others = ["constant", "javascript", "fastapi"].filter((name) => rows.some(({ costs }) => costs[name]));
  const head = ["page", "kB", "ours, thread", "ours", ...others.flatMap((name) => [name, `ours ÷ ${name}`])];
  const cells = ({ models, limit, byName, bytes, costs }) => [
    `${count(limit)} of ${count(models)}${byName ? ", by name" : ""}`,
    kilobytes(bytes),
    micros(costs.ours.thread),
    micros(costs.ours.process),
    ...others.flatMap((name) => [micros(costs[name].process), ratio(costs[name].ratio)]),
  ];
  return table("A page from memory, µs of CPU a request (of the process, unless it says thread)", head, rows.map(cells));
}

function routes(rows) {
  const others = ["constant", "javascript"];
  const head = ["route", "kB", "ours, thread", "ours", ...others.flatMap((name) => [name, `ours ÷ ${name}`])];
  const cells = ({ what, bytes, costs }) => [
    what,
    kilobytes(bytes),
    micros(costs.ours.thread),
    micros(costs.ours.process),
    ...others.flatMap((name) => (costs[name] ? [micros(costs[name].process), ratio(costs[name].ratio)] : ["", ""])),
  ];
  return table("Other routes from memory, µs of CPU a request (of the process, unless it says thread)", head, rows.map(cells));
}

function cold(rows) {
  const head = ["first request of a process", "ours, thread", "ours", "JavaScript, thread", "JavaScript", "ours ÷ JavaScript, thread", "constant, thread", "Redis"];
  const cells = ({ models, costs, redis }) => [
    `${count(models)} models`,
    millis(costs.ours.thread),
    millis(costs.ours.process),
    millis(costs.javascript.thread),
    millis(costs.javascript.process),
    ratio(costs.ours.thread / costs.javascript.thread),
    millis(costs.constant.thread),
    `requests: ${redis.requests}, commands: ${redis.commands}, ${kilobytes(redis.bytesDown)} kB`,
  ];
  return table("A cold isolate over a filled Redis, ms of CPU", head, rows.map(cells));
}

function seldom({ combinations, checks, reads, rush, warm }) {
  const rows = [
    ...combinations.map((row) => [`new combination, ${row.isPublished ? "with its publication" : "nothing written"}, above a hit`, row.models, row]),
    ...checks.map((row) => ["a check that the data center answers after 5 s without a request, above a hit", row.models, row]),
    ...reads.map((row) => ["reading the value again, code warm", row.models, row]),
    ...rush.map((row) => [`200 at once, nothing cached, ${row.loads} load: until the last answer`, row.models, row]),
    ...rush.map((row) => ["the same: behind the answers", row.models, { process: row.behind }]),
    ...warm.map((row) => ["warm run, nothing changed", row.models, row.unchanged]),
    ...warm.map((row) => ["warm run, every model changed", row.models, row.changed]),
  ];
  const cells = ([what, models, cost]) => [what, count(models), cost.thread === undefined ? "" : millis(cost.thread), millis(cost.process)];
  return table("The built Worker, ms of CPU", ["what", "models", "thread", "process"], rows.map(cells));
}

function memory(rows) {
  const cells = ({ models, textBytes, wasmBytes, ours, constant, javascript }) => [
    `${count(models)} models`,
    megabytes(textBytes),
    megabytes(wasmBytes),
    megabytes(ours.now),
    megabytes(ours.peak),
    megabytes(constant.peak),
    megabytes(javascript.now),
    megabytes(javascript.peak),
  ];
  const head = ["memory", "JSON", "ours, wasm", "ours, resident", "ours, peak", "constant, peak", "JavaScript, resident", "JavaScript, peak"];
  return table("Memory of the processes above after a load, its publication and the pages, MB", head, rows.map(cells));
}
