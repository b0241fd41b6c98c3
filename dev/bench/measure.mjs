// CPU time of a process and of its first thread, which is the one that runs requests in workerd, as Linux's scheduler
// counts it in nanoseconds; and what rounds of it come to.
import { readFileSync, readdirSync } from "node:fs";

/** Whether this machine tells. */
export function canMeasure() {
  try {
    return cpu(process.pid).process > 0;
  } catch {
    return false;
  }
}

/** {process, thread} in microseconds since the start. */
export function cpu(pid) {
  let [all, first] = [0, 0];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const spent = Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1000;
    all += spent;
    if (task === String(pid)) first = spent;
  }
  return { process: all, thread: first };
}

/** What `work` costs a process, by `times`: {process, thread} in microseconds, and what the work came to. */
export async function costOf(pid, times, work) {
  const before = cpu(pid);
  const result = await work();
  const after = cpu(pid);
  const each = (name) => (after[name] - before[name]) / times;
  return { process: each("process"), thread: each("thread"), result };
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Measures contestants against each other: in every round each has its turn, in turned order, so that what disturbs the
 * machine disturbs all. `contestants` are functions to {process, thread} by name.
 *
 * Returns {name: {process, thread, ratio}}: medians, and the median over the rounds of the process against that of the
 * first contestant in the same round.
 */
export async function interleaved(contestants, rounds) {
  const names = Object.keys(contestants);
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const turned = names.map((_, index) => names[(index + round) % names.length]);
    for (const name of turned) seen[name].push(await contestants[name]());
  }
  const against = seen[names[0]];
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        process: median(seen[name].map((cost) => cost.process)),
        thread: median(seen[name].map((cost) => cost.thread)),
        ratio: median(seen[name].map((cost, round) => against[round].process / cost.process)),
      },
    ]),
  );
}
