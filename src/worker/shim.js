// What the platform calls. A hit is answered by a plain function, before anything of an event is made: no class, no future, no
// promise. Everything else goes the way that worker-build made, which also starts the module anew after a trap.
import Recovering from "../../build/worker.js";

const { hit } = Recovering.prototype;
const state = globalThis.__worker_init_state;

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

export default {
  fetch(request, env, context) {
    return answered(request) ?? new Recovering(context, env).fetch(request);
  },
  scheduled(controller, env, context) {
    return new Recovering(context, env).scheduled(controller);
  },
};
