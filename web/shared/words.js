// Numbers, times and states in words, the same on both pages.

const COUNT = new Intl.NumberFormat("en");
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const MINUTE = 60;
const HOUR = 3_600;
const DAY_SECS = 86_400;

/** `12,345`. */
export function count(number) {
  return COUNT.format(number);
}

/** `1 model`, `3 models`. */
export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A list in words: `a`, `a and b`, `a, b and c`. */
export function listed(words, last = "and") {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** A duration in seconds: `45 s`, `3 min`, `2 h 5 min`, `4 d`. */
export function duration(secs) {
  const whole = Math.round(Math.abs(secs));
  if (whole < 2 * MINUTE) return `${whole} s`;
  if (whole < 2 * HOUR) return `${Math.floor(whole / MINUTE)} min`;
  if (whole < 2 * DAY_SECS) {
    const minutes = Math.floor((whole % HOUR) / MINUTE);
    return `${Math.floor(whole / HOUR)} h${minutes ? ` ${minutes} min` : ""}`;
  }
  return `${Math.floor(whole / DAY_SECS)} d`;
}

/** A duration in milliseconds: `0.4 ms`, `210 ms`, `1.44 s`. */
export function milliseconds(ms) {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${Number((ms / 1_000).toFixed(2))} s` : duration(ms / 1_000);
}

/** `just now`, `12 s ago`. */
export function ago(atMs, nowMs = Date.now()) {
  const secs = (nowMs - atMs) / 1_000;
  return secs < 1 ? "just now" : `${duration(secs)} ago`;
}

/** The time of day, with the day where it is another one. */
export function clock(atMs, nowMs = Date.now()) {
  return nowMs - atMs < (DAY_SECS - HOUR) * 1_000 ? CLOCK.format(atMs) : DAY.format(atMs);
}

/** `812 B`, `12.3 kB`, `1.2 MB`. */
export function bytes(number) {
  if (number < 1_000) return `${count(number)} B`;
  if (number < 1_000_000) return `${Number((number / 1_000).toFixed(1))} kB`;
  return `${Number((number / 1_000_000).toFixed(1))} MB`;
}

/** Tokens of a context: `128k`, `1M`, `4,096`. Exact where a title is shown with it. */
export function tokens(number) {
  if (number === null || number === undefined) return "–";
  if (number >= 1_000_000) return `${Number((number / 1_000_000).toFixed(2))}M`;
  if (number >= 10_000) return `${Number((number / 1_000).toFixed(0))}k`;
  return count(number);
}

/** How a state of health is shown: always with its word. */
export const HEALTH = {
  healthy: { tone: "ok", text: "healthy" },
  degraded: { tone: "warn", text: "degraded" },
  down: { tone: "bad", text: "down" },
  unknown: { tone: "mute", text: "unknown" },
};
