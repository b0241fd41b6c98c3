// What the platform calls. A hit is answered by a plain function, before anything of an event is made: no class, no future, no
// promise. The page at `/` is the asset server's. Everything else goes the way that worker-build made, which also starts the module
// anew after a trap.
import Recovering from "../../build/worker.js";

const { hit } = Recovering.prototype;
const state = globalThis.__worker_init_state;
const ROOT = /^https?:\/\/[^/?#]+\/?(\?|$)/;

function answered(request) {
  const isHead = request.method === "HEAD";
  if (state.criticalError || !(isHead || request.method === "GET")) return undefined;
  try {
    const { headers } = request;
    const sent = (name) => headers.get(name) ?? undefined;
    // Who asks for more than what there is gets an event.
    if (headers.has("cache-control") || headers.has("if-modified-since")) return undefined;
    return hit(request.url, isHead, sent("if-none-match"), sent("origin"), sent("x-request-id"), sent("cf-ray"));
  } catch (error) {
    // A module that trapped is broken: the event finds that out, and starts it anew.
    if (error instanceof WebAssembly.RuntimeError) state.criticalError = true;
    return undefined;
  }
}

// `/` is a page for whoever prefers HTML, as browsers do; src/http/headers/accept.rs judges the same for who is left.
function page(request, env) {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (!isRead || !ROOT.test(request.url) || !prefersHtml(request.headers.get("accept") ?? "")) return undefined;
  return env.ASSETS?.fetch(request);
}

function prefersHtml(accept) {
  const weights = new Map(accept.toLowerCase().split(",").map(weighed));
  const weight = (type) => weights.get(type) ?? weights.get(`${type.split("/")[0]}/*`) ?? weights.get("*/*") ?? 0;
  return weight("text/html") > weight("application/json");
}

// `text/html;q=0.9` as its type and weight.
function weighed(range) {
  const [type, ...parameters] = range.split(";").map((part) => part.trim());
  const q = parameters.find((parameter) => parameter.startsWith("q="));
  return [type, q ? Number(q.slice(2)) || 0 : 1];
}

export default {
  fetch(request, env, context) {
    return answered(request) ?? page(request, env) ?? new Recovering(context, env).fetch(request);
  },
  scheduled(controller, env, context) {
    return new Recovering(context, env).scheduled(controller);
  },
};
