// The counters that grow, by one name each, out of the statistics and of the metrics.

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="([^"]*)"/g;

/**
 * The samples of a text for Prometheus, by metric: {labels, value}.
 * @param {string} text
 * @returns {Map<string, {labels: Record<string, string>, value: number}[]>}
 */
export function readExposition(text) {
  const metrics = new Map();
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    const known = metrics.get(name) ?? [];
    known.push({ labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, label, text]) => [label, text])), value: Number(value) });
    metrics.set(name, known);
  }
  return metrics;
}

/** Those of a metric that are not 0, by the value of a label, the most first. */
export function nonzero(metrics, name, label) {
  const samples = metrics?.get(name) ?? [];
  return samples
    .filter(({ value }) => value !== 0)
    .map(({ labels, value }) => [labels[label], value])
    .sort((a, b) => b[1] - a[1]);
}

/** What stands in the statistics and counts for all isolates; null while Redis does not give that. */
export function countersOf(stats) {
  if (!stats.redis_available) return null;
  const { redis, kv, tiers } = stats;
  return {
    requests: stats.total_requests,
    hits: stats.hits,
    misses: stats.misses,
    stale: stats.stale,
    unavailable: stats.unavailable,
    loads: tiers.origin.loads,
    ...(redis && { commands: redis.commands, traffic: redis.sent_bytes + redis.received_bytes }),
    ...(kv && { kvReads: kv.read.ok + kv.read.error, kvWrites: kv.write.ok + kv.write.error }),
    ...(kv?.list && { kvLists: kv.list.ok + kv.list.error }),
  };
}

/** The same of what the metrics alone have, or have where the statistics have it not yet; null without them. */
export function countersOfMetrics(metrics) {
  if (metrics?.get("catalog_redis_up")?.[0].value !== 1) return null;
  const sum = (name, where = () => true) =>
    (metrics.get(name) ?? []).filter(({ labels }) => where(labels)).reduce((all, { value }) => all + value, 0);
  const kv = (operation) => sum("catalog_kv_operations_total", (labels) => labels.operation === operation);
  return {
    served: sum("catalog_requests_total"),
    kvLists: kv("list"),
    commands: sum("catalog_redis_commands_total"),
    traffic: sum("catalog_redis_sent_bytes_total") + sum("catalog_redis_received_bytes_total"),
    kvReads: kv("read"),
    kvWrites: kv("write"),
  };
}
