// Prices and limits of the plans: the table of docs/operations.md, "What it costs". The vendors' pages decide.

const MONTH = { word: "a month", ms: 30 * 86_400_000 };
const DAY = { word: "a day", ms: 86_400_000 };

/**
 * By vendor and plan: what is limited (or, with `price`, included) in a time. `price` is of US dollars for each of `per` beyond it.
 * `counter` is its name in counters.js.
 */
export const PLANS = {
  upstash: {
    free: { name: "Free", limits: [limit("commands", 500_000, MONTH), limit("traffic", 10_000_000_000, MONTH)] },
    payg: { name: "Pay as you go", limits: [limit("commands", 0, MONTH, { price: 0.2, per: 100_000 })] },
    fixed: { name: "Fixed, from $10 a month", limits: [] },
  },
  workers: {
    free: {
      name: "Free",
      limits: [limit("served", 100_000, DAY), limit("kvReads", 100_000, DAY), limit("kvWrites", 1_000, DAY), limit("kvLists", 1_000, DAY)],
    },
    paid: {
      name: "Paid, $5 a month",
      limits: [
        limit("served", 10_000_000, MONTH, { price: 0.3, per: 1_000_000 }),
        limit("kvReads", 10_000_000, MONTH, { price: 0.5, per: 1_000_000 }),
        limit("kvWrites", 1_000_000, MONTH, { price: 5, per: 1_000_000 }),
      ],
    },
  },
};

export const COUNTERS = {
  commands: { name: "Redis commands", unit: "commands" },
  traffic: { name: "Redis traffic", unit: "bytes" },
  served: { name: "Worker requests", unit: "requests" },
  kvReads: { name: "KV reads", unit: "reads" },
  kvWrites: { name: "KV writes", unit: "writes" },
  kvLists: { name: "KV lists", unit: "lists" },
};

/** What of these counters a plan says nothing of is shown all the same, for a day. */
export const UNLIMITED = DAY;

function limit(counter, most, time, { price, per } = {}) {
  return { counter, most, time, price, per };
}

/** What goes beyond what is included costs, in US dollars in the plan's time, at this pace; null where nothing is sold. */
export function priceOf({ most, price, per }, pace) {
  return price === undefined ? null : (Math.max(0, pace - most) / per) * price;
}
