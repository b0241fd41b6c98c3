// What was seen in the last hour. It lives in this page and ends with it.

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MINUTES = 60;
/** Two looks further apart than this have a gap between them, of which is known what was counted and not when. */
const GAP_MS = 90_000;

/** @typedef {{at: number, counters: Record<string, number> | null, latency: Record<string, number> | null}} Sample */

/** What one look of this console adds to a counter, by the counter's name. @typedef {{at: number, costs: Record<string, number>}} Look */

/** @returns {{samples: Sample[], looks: Look[]}} */
export const newRecord = () => ({ samples: [], looks: [] });

/** Adds what was just seen. Counters are null where they are not of all isolates. @param {Sample} sample */
export function note(record, sample) {
  record.samples.push(sample);
  const isRecent = ({ at }) => sample.at - at <= HOUR_MS;
  record.samples = record.samples.filter(isRecent);
  record.looks = record.looks.filter(isRecent);
}

/** How many minutes a plot shows: ten at first, so that there is something to see, and the whole hour once it was watched for half of it. */
export function minutesShown({ samples }, now) {
  const watched = samples.length === 0 ? 0 : (now - samples[0].at) / MINUTE_MS;
  return watched < 10 ? 10 : watched < 30 ? 30 : MINUTES;
}

/** Adds what this console itself cost. */
export const noteLook = (record, at, costs) => record.looks.push({ at, costs });

/** Points [minutes before now, value] of the last hour, oldest first; `of(samples)` gives a minute's value, or null. */
export function perMinute(record, now, of) {
  const minutes = Array.from({ length: MINUTES }, () => []);
  for (const sample of record.samples) {
    const back = Math.floor((now - sample.at) / MINUTE_MS);
    if (back >= 0 && back < MINUTES) minutes[MINUTES - 1 - back].push(sample);
  }
  return minutes.map((samples, place) => [place - MINUTES + 1, samples.length === 0 ? null : of(samples)]);
}

/** How much a counter grew in each minute; null where nobody looked. */
export function growthPerMinute(record, now, name) {
  const grown = new Map();
  for (const [before, sample] of pairs(record, name)) {
    if (sample.at - before.at <= GAP_MS) grown.set(sample, grew(before, sample, name));
  }
  return perMinute(record, now, (samples) => {
    const known = samples.filter((sample) => grown.has(sample));
    return known.length === 0 ? null : known.reduce((sum, sample) => sum + grown.get(sample), 0);
  });
}

/**
 * How much a counter grew while this page looked on, and in how long: {by, ms, own}, where `own` is about what this page's looks
 * added. Null before there are two looks.
 */
export function growth(record, name) {
  const steps = pairs(record, name);
  if (steps.length === 0) return null;
  const by = steps.reduce((sum, [before, sample]) => sum + grew(before, sample, name), 0);
  const [from, to] = [steps[0][0].at, steps.at(-1)[1].at];
  // What a look costs is counted with the next one.
  const own = record.looks.filter(({ at }) => at >= from && at < to).reduce((sum, { costs }) => sum + (costs[name] ?? 0), 0);
  return { by, ms: to - from, own: Math.min(own, by) };
}

/** Counters that were taken away begin anew: what they lost is no growth. */
const grew = (before, sample, name) => Math.max(0, sample.counters[name] - before.counters[name]);

function pairs({ samples }, name) {
  const counted = samples.filter(({ counters }) => typeof counters?.[name] === "number");
  return counted.slice(1).map((sample, place) => [counted[place], sample]);
}
