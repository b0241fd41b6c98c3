// A proxy in front of a real server that fails on demand. Without a matching rule it is transparent.
import { FAULTS } from "./faults.mjs";
import { forward } from "../shared/forward.mjs";
import { HttpServer } from "../shared/http-server.mjs";
import { record } from "../shared/journal.mjs";

/**
 * Returns {url, port, set(rule), clear(), requests, clearRequests(), inFlight, start(), stop()}.
 *
 * A rule is {fault, match?, nth?, every?, times?, ...parameters}. `match` is a string contained in, or a RegExp tested
 * on, "METHOD /path?query"; `nth` (a number or several) and `every` choose among the requests that match, the first one
 * being 1; a rule with `times` is used up after so many uses. The newest rule that chooses a request applies.
 */
export async function startFaultProxy({ target, port }) {
  const rules = [];
  const requests = [];
  let inFlight = 0;

  const server = new HttpServer(async (request, response) => {
    const rule = takeRule(rules, `${request.method} ${request.url}`);
    const { method, url: path } = request;
    const entry = { at: Date.now(), method, path, fault: rule?.fault ?? null, status: null, ms: null, aborted: false };
    record(requests, entry);
    inFlight += 1;
    response.on("close", () => {
      inFlight -= 1;
      entry.ms = Date.now() - entry.at;
      if (response.headersSent) entry.status = response.statusCode;
      entry.aborted = !response.writableFinished;
    });
    const exchange = { request, response, fetch: () => forward(request, response, target) };
    try {
      await FAULTS[rule?.fault ?? "none"](exchange, rule ?? {});
    } catch {
      // The target refused or broke off; the client sees the same.
      request.socket.resetAndDestroy();
    }
  });
  await server.start(port);

  return {
    url: server.url,
    port: server.port,
    requests,
    clearRequests: () => (requests.length = 0),
    get inFlight() {
      return inFlight;
    },
    set: (rule) => {
      if (!FAULTS[rule.fault]) throw new Error(`no such fault: ${rule.fault}`);
      rules.unshift({ ...rule, matched: 0 });
    },
    clear: () => (rules.length = 0),
    start: () => server.start(),
    stop: () => server.stop(),
  };
}

function takeRule(rules, text) {
  // Each rule counts what matches it, also what a newer rule takes.
  const choosing = rules.filter((rule) => matches(rule.match, text) && chooses(rule, (rule.matched += 1)));
  const rule = choosing[0];
  if (rule?.times !== undefined && (rule.times -= 1) <= 0) rules.splice(rules.indexOf(rule), 1);
  return rule;
}

function chooses({ nth, every }, count) {
  if (nth !== undefined) return [nth].flat().includes(count);
  return every === undefined || count % every === 0;
}

function matches(match, text) {
  if (match === undefined) return true;
  if (typeof match === "string") return text.includes(match);
  // A RegExp with the flag g or y remembers where it stopped, and would match every other request.
  match.lastIndex = 0;
  return match.test(text);
}
