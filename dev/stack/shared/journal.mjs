// What a server was asked, newest last. It is a plain array, shortened in place when a benchmark runs for long.
const ENTRIES_MAX = 100_000;

export function record(journal, entry) {
  if (journal.length >= ENTRIES_MAX) journal.splice(0, ENTRIES_MAX / 2);
  journal.push(entry);
}
