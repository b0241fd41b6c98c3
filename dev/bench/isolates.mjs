// What happens seldom: an isolate's first request, a combination that nobody asked for before, a value that is read again,
// many at once with nothing cached, a warm run. Each costs what it does until the process is at rest.
import { setTimeout as sleep } from "node:timers/promises";
import { startColo } from "../stack/colo/server.mjs";
import { startConstant, startJavascript, startOurs } from "./contestants.mjs";
import { costOf, cpu, interleaved, median } from "./measure.mjs";

const PATH = "/models/unique?limit=100";
const SORTS = ["provider_count", "name", "cheapest_price"].flatMap((sort) => ["asc", "desc"].map((order) => `&sort_by=${sort}&order=${order}`));
const AT_ONCE = 200;
const REST_MS = 60;
// An isolate asks its data center no sooner.
const CHECK_AFTER_MS = 5_200;

/** The first request of a fresh process over what Redis holds; with what Redis was asked for it. */
export async function measureCold(servers, models, rounds) {
  const first = (start) => async () => {
    const worker = await start();
    try {
      servers.upstash.clearCommands();
      const cost = await untilRest(worker, 1, () => worker.client.get(PATH));
      return { ...cost, asked: servers.upstash.totals() };
    } finally {
      await worker.stop();
    }
  };
  let asked;
  const ours = first(() => startOurs(servers, models));
  const costs = await interleaved(
    {
      ours: async () => {
        const cost = await ours();
        asked = cost.asked;
        return cost;
      },
      constant: first(() => startConstant(servers)),
      javascript: first(() => startJavascript(servers, models)),
    },
    rounds,
  );
  const { requests, commands, bytesDown } = asked;
  return { models, costs, redis: { requests, commands, bytesDown } };
}

/**
 * Combinations that are new while the snapshot is there, above the same ones as hits. With `isPublished` each is also put
 * into Redis for others.
 */
export async function measureCombinations(servers, models, isPublished, rounds) {
  // These hold every model, so that they are the most to sort.
  const whole = ["", "&min_providers=1"].flatMap((minimum) => SORTS.map((sort) => `/models/unique?limit=10${sort}${minimum}`));
  // No model has so many offers, so that nothing is kept of these, and each is as new as the first: they make the code fast.
  const empty = Array.from({ length: 50 }).flatMap(() => SORTS.map((sort) => `/models/unique?limit=10${sort}&min_providers=999`));
  const asks = (worker, paths) => async () => {
    for (const path of paths) await worker.client.get(path);
  };
  const seen = [];
  for (let round = 0; round < rounds; round += 1) {
    const vars = isPublished ? { CACHE_NAMESPACE: `combinations${models}x${round}:` } : { EDGE_MODE: "read_only" };
    const worker = await startOurs(servers, models, vars);
    try {
      if (isPublished) await worker.cron();
      await untilRest(worker, 1, asks(worker, empty));
      const fresh = await untilRest(worker, whole.length, asks(worker, whole));
      const again = await untilRest(worker, whole.length, asks(worker, whole));
      seen.push({ process: fresh.process - again.process, thread: fresh.thread - again.thread });
    } finally {
      await worker.stop();
    }
  }
  return { models, isPublished, ...medians(seen) };
}

/** A value that is read from Redis at each request, since memory has no room, once the code is warm. */
export async function measureReads(servers, models, rounds) {
  const worker = await startOurs(servers, models, { MEMORY_MAX_BYTES: "0", EDGE_MODE: "read_only" });
  try {
    const reads = (times) =>
      untilRest(worker, times, async () => {
        for (let asked = 0; asked < times; asked += 1) await worker.client.get("/models/unique?limit=10");
      });
    await reads(20);
    const seen = [];
    for (let round = 0; round < rounds; round += 1) seen.push(await reads(10));
    return { models, ...medians(seen) };
  } finally {
    await worker.stop();
  }
}

/** Many at once over twelve combinations, with nothing in memory, Redis or KV. */
export async function measureRush(servers, models, rounds) {
  const origin = await servers.origin(models);
  const paths = [1, 2].flatMap((minimum) => SORTS.map((sort) => `${PATH}${sort}&min_providers=${minimum}`));
  const seen = [];
  let loads = 0;
  for (let round = 0; round < rounds; round += 1) {
    const worker = await startOurs(servers, models, { CACHE_NAMESPACE: `rush${models}x${round}:` });
    try {
      const before = origin.loads();
      const begun = cpu(worker.pid);
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => answered(worker, paths[index % paths.length])));
      const after = cpu(worker.pid);
      await rest(worker.pid);
      const rested = cpu(worker.pid);
      loads = Math.max(loads, origin.loads() - before);
      seen.push({ process: after.process - begun.process, thread: after.thread - begun.thread, behind: rested.process - after.process });
    } finally {
      await worker.stop();
    }
  }
  return { models, loads, ...medians(seen), behind: median(seen.map(({ behind }) => behind)) };
}

async function answered(worker, path) {
  const response = await worker.fetch(path);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
}

/** What a check adds to the hit that it comes behind, where the data center answers it: code is warm after the first two. */
export async function measureChecks(servers, models, rounds) {
  const colo = await startColo();
  const worker = await startOurs(servers, models, {}, { coloUrl: colo.url });
  const hit = () => untilRest(worker, 1, () => worker.client.get("/models/unique?limit=10"));
  try {
    for (let asked = 0; asked < 300; asked += 1) await worker.client.get("/models/unique?limit=10");
    const seen = [];
    for (let round = 0; seen.length < rounds && round < 4 * rounds + 4; round += 1) {
      await sleep(CHECK_AFTER_MS);
      servers.upstash.clearCommands();
      const [checked, again] = [await hit(), await hit()];
      const isTold = servers.upstash.totals().requests === 0;
      if (round >= Math.min(rounds, 2) && isTold) seen.push({ process: checked.process - again.process, thread: checked.thread - again.thread });
    }
    return { models, ...medians(seen) };
  } finally {
    await worker.stop();
    await colo.stop();
  }
}

/** Warm runs of an isolate that holds the catalog: the origin has the same, then something else each time. */
export async function measureWarm(servers, models, rounds) {
  const origin = await servers.origin(models);
  const worker = await startOurs(servers, models, { CACHE_NAMESPACE: `warm${models}:` });
  const run = async () => {
    const cost = await untilRest(worker, 1, () => worker.cron());
    if (cost.result.outcome !== "ok") throw new Error(`a warm run of ${models} models: ${cost.result.outcome}`);
    return cost;
  };
  try {
    await run();
    const [unchanged, changed] = [[], []];
    for (let round = 0; round < rounds; round += 1) unchanged.push(await run());
    for (let round = 0; round < rounds; round += 1) {
      origin.change();
      changed.push(await run());
    }
    return { models, unchanged: medians(unchanged), changed: medians(changed) };
  } finally {
    await worker.stop();
  }
}

const medians = (seen) => ({ process: median(seen.map((cost) => cost.process)), thread: median(seen.map((cost) => cost.thread)) });

function untilRest(worker, times, work) {
  return costOf(worker.pid, times, async () => {
    const result = await work();
    await rest(worker.pid);
    return result;
  });
}

// A process is at rest when it has had no CPU to speak of for a moment.
async function rest(pid) {
  for (let before = cpu(pid).process; ; ) {
    await sleep(REST_MS);
    const now = cpu(pid).process;
    if (now - before < 500) return;
    before = now;
  }
}
