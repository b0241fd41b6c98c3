// When the console looks: every few seconds, not while its tab is hidden or it is paused, and later where it was told to wait.

/** How often metrics are read: they tell little that statistics do not, and cost Redis two commands. */
const METRICS_MS = 60_000;

/**
 * Calls `look({withMetrics})` again and again; what it returns may have `retryAfterMs`. `changed()` hears of every change of state.
 * Returns {state, start(), stop(), pause(flag), every(ms), now()}.
 */
export function createPolling({ look, changed, everyMs }) {
  const state = { running: false, paused: false, hidden: document.hidden, everyMs, waitsUntil: null };
  let timer;
  let isLooking = false;
  let metricsAt = -Infinity;

  const mayLook = () => state.running && !state.paused && !state.hidden;

  function plan(ms) {
    clearTimeout(timer);
    if (mayLook()) timer = setTimeout(lookNow, ms);
  }

  async function lookNow() {
    if (isLooking) return;
    clearTimeout(timer);
    isLooking = true;
    const withMetrics = performance.now() - metricsAt >= METRICS_MS;
    if (withMetrics) metricsAt = performance.now();
    let retryAfterMs = null;
    try {
      ({ retryAfterMs = null } = await look({ withMetrics }));
    } finally {
      // Whatever became of this look, there is a next one.
      isLooking = false;
      const wait = Math.max(state.everyMs, retryAfterMs ?? 0);
      state.waitsUntil = retryAfterMs === null ? null : Date.now() + wait;
      plan(wait);
      changed();
    }
  }

  /** As soon as may be. */
  const soon = () => plan(Math.max(0, (state.waitsUntil ?? 0) - Date.now()));

  document.addEventListener("visibilitychange", () => {
    state.hidden = document.hidden;
    soon();
    changed();
  });

  return {
    state,
    start() {
      state.running = true;
      soon();
    },
    stop() {
      state.running = false;
      clearTimeout(timer);
    },
    pause(flag) {
      state.paused = flag;
      soon();
      changed();
    },
    every(ms) {
      state.everyMs = ms;
      plan(ms);
      changed();
    },
    /** Looks at once, whatever was planned: something was just done. */
    now: lookNow,
  };
}
