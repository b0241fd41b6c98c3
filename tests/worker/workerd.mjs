// The built Worker in plain workerd: one process is one isolate, whose CPU and memory can be measured, with the local
// stack's KV, whose faults can be chosen. wrangler's harness (harness.mjs) has a KV inside its own process instead.
//
// Plain workerd fires no cron. A second Worker in the same process, bound to the first, calls its scheduled() when its
// own socket is asked; the flag for that (service_binding_extra_handlers) needs --experimental.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild, untilReady } from "../../dev/stack/shared/children.mjs";
import { choosePort, LOOPBACK } from "../../dev/stack/shared/ports.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const COMPATIBILITY_DATE = "2026-11-01";
const CRON = "*/10 * * * *";
// Of Linux: user and system time in /proc are in hundredths of a second, whatever the kernel's own clock.
const MS_PER_TICK = 10;
const USER_TICKS = 11;

const TRIGGER = `export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/ready") return new Response();
    return Response.json(await env.WORKER.scheduled({ cron: searchParams.get("cron"), scheduledTime: new Date() }));
  },
  tail(traces) {
    for (const { outcome, exceptions } of traces) console.log(JSON.stringify({ tail: { outcome, exceptions } }));
  },
};`;

/**
 * Starts a process over `stack` (made with `kv: true`); `vars` overrides its vars and secrets, null takes one away.
 * Every answer is logged.
 * `coloUrl` is the cache of its data center (dev/stack/colo); without one it has none, as on workers.dev.
 * `kvUrl` may be another place of the same namespace, `build` another folder than build/. With `tail` the platform's
 * view of each invocation is collected: how it ended, and with which exceptions.
 *
 * Returns what startWorker() of harness.mjs returns: {url, fetch(path, init), get(path, init), cron(), kv(), events(),
 * stop()}, and {pid, lines, tailed(), cpuMs(), residentBytes()}: the log's lines, what was seen of invocations, CPU and
 * memory of the process until now.
 */
export async function startWorkerd(stack, vars = {}, { kvUrl = stack.kvUrl, coloUrl, build = defaultBuild(), tail = false } = {}) {
  const [port, triggerPort] = [await choosePort(), await choosePort()];
  const settings = Object.entries({ LOG_HITS_ONE_IN: "1", ...stack.vars, ...stack.secrets, ...vars }).filter(([, value]) => value !== null);
  const files = { "config.capnp": config({ build, settings, kvUrl, coloUrl, tail, port, triggerPort }) };
  const child = startChild(workerdBinary(), ["serve", "--experimental", `--import-path=${build}`, "config.capnp"], { env: {}, files });
  const lines = collectLines(child.subprocess.stdout, child.subprocess.stderr);
  const trigger = (path) => fetch(`http://${LOOPBACK}:${triggerPort}${path}`);
  try {
    await untilReady(child, () => trigger("/ready").then(({ ok }) => ok, () => false));
  } catch (error) {
    await child.stop();
    throw error;
  }
  const url = new URL(`http://${LOOPBACK}:${port}`);
  const { pid } = child.subprocess;
  return {
    url,
    pid,
    lines,
    fetch: (path, init) => fetch(new URL(path, url), init),
    async get(path, init) {
      const response = await this.fetch(path, init);
      const text = await response.text();
      const headers = Object.fromEntries(response.headers);
      return { status: response.status, headers, text, body: text === "" ? undefined : JSON.parse(text) };
    },
    cron: async (cron = CRON) => (await trigger(`/?${new URLSearchParams({ cron })}`)).json(),
    kv: async () => stack.kv,
    events: () => lines.map(parsed).filter((line) => line?.event),
    tailed: () => lines.map(parsed).filter((line) => line?.tail).map((line) => line.tail),
    cpuMs: () => cpuMs(pid),
    residentBytes: () => residentBytes(pid),
    stop: () => child.stop(),
  };
}

/** CPU time of a process since its start, user and system together. */
export function cpuMs(pid) {
  const [user, system] = statOf(pid).slice(USER_TICKS, USER_TICKS + 2);
  return (Number(user) + Number(system)) * MS_PER_TICK;
}

/** What a process holds in memory now; `peak` is the most it ever held. */
export function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]);
  return { now: kilobytes("VmRSS") * 1024, peak: kilobytes("VmHWM") * 1024 };
}

// The fields after the program's name, which may itself hold spaces and parentheses.
function statOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function config({ build, settings, kvUrl, coloUrl, tail, port, triggerPort }) {
  const bindings = settings.map(([name, value]) => `(name = ${quoted(name)}, ${bound(value)})`);
  if (kvUrl) bindings.push('(name = "CATALOG_KV", kvNamespace = "kv")');
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "trigger", worker = .trigger),
    ${kvUrl ? `(name = "kv", external = (address = ${quoted(new URL(kvUrl).host)}, http = ())),` : ""}
    ${coloUrl ? `(name = "colo", external = (address = ${quoted(new URL(coloUrl).host)}, http = ())),` : ""}
    (name = "internet", network = (allow = ["local", "private"])),
  ],
  sockets = [
    (name = "worker", address = "${LOOPBACK}:${port}", http = (), service = "worker"),
    (name = "trigger", address = "${LOOPBACK}:${triggerPort}", http = (), service = "trigger"),
  ],
);
const worker :Workerd.Worker = (
  modules = [${modules(build).join(", ")}],
  bindings = [${bindings.join(", ")}],
  ${coloUrl ? 'cacheApiOutbound = "colo",' : ""}
  ${tail ? 'tails = ["trigger"],' : ""}
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
const trigger :Workerd.Worker = (
  modules = [(name = "trigger.js", esModule = ${quoted(TRIGGER)})],
  bindings = [(name = "WORKER", service = "worker")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["service_binding_extra_handlers"],
);
`;
}

// What is no text is bound as wrangler binds it when wrangler.toml has a number, a boolean or a list: as JSON.
function bound(value) {
  return typeof value === "string" ? `text = ${quoted(value)}` : `json = ${quoted(JSON.stringify(value))}`;
}

// The first module is the entry.
function modules(build) {
  const kinds = { ".js": "esModule", ".wasm": "wasm" };
  const names = readdirSync(build).filter((name) => name.endsWith(".js") || name.endsWith(".wasm"));
  const ordered = ["index.js", ...names.filter((name) => name !== "index.js")];
  return ordered.map((name) => `(name = ${quoted(name)}, ${kinds[name.slice(name.lastIndexOf("."))]} = embed ${quoted(`/${name}`)})`);
}

// Cap'n Proto's text has escapes by two hex digits, and takes everything that is not a control character as it is.
function quoted(text) {
  const escape = (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return `"${text.replace(/[\x00-\x1f\x7f"\\]/g, escape)}"`;
}

// workerd comes with wrangler.
function workerdBinary() {
  const wrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  return wrangler("workerd").default;
}

function defaultBuild() {
  return process.env.WORKER_BUILD_DIR ?? join(root, "build");
}

function collectLines(...streams) {
  const lines = [];
  for (const stream of streams) {
    let rest = "";
    stream.on("data", (text) => {
      const whole = (rest + text).split("\n");
      rest = whole.pop();
      lines.push(...whole);
    });
  }
  return lines;
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
