// The isolates that a spec starts over its stack: they end together, and a namespace of their own keeps from them what
// earlier ones left or still have under way.
import { NAMESPACE } from "./support.mjs";
import { startWorkerd } from "./workerd.mjs";

/**
 * `stackOf()` gives the stack, which is there only once the tests run; `vars` are those of every isolate. `start` may
 * be startWorker() of harness.mjs; other options are those of startWorkerd().
 *
 * Returns {namespace, renew(), start(vars), stop()}. The namespace of what is started is NAMESPACE, and another one
 * after each renew(); stop() ends all that run.
 */
export function isolatesOver(stackOf, { vars = {}, start = startWorkerd, ...options } = {}) {
  const running = [];
  let renewed = 0;
  return {
    namespace: NAMESPACE,
    renew() {
      renewed += 1;
      this.namespace = `space${renewed}:`;
    },
    async start(own = {}) {
      const worker = await start(stackOf(), { CACHE_NAMESPACE: this.namespace, ...vars, ...own }, options);
      running.push(worker);
      return worker;
    },
    async stop() {
      await Promise.all(running.splice(0).map((worker) => worker.stop()));
    },
  };
}
