// The catalog as it is loaded: its records, what they have, how they were served, and what went wrong.
import { servedWords } from "../shared/served.js";
import { el } from "../shared/dom.js";
import { badge, button, problemPanel } from "../shared/widgets.js";
import { ask } from "../shared/api.js";
import { count, duration, plural } from "../shared/words.js";
import { loadCatalog } from "./data/load.js";
import { recordOf } from "./data/records.js";

const WATCH_MS = 60_000;
const RETRY_SECS_MIN = 3;

/**
 * Makes the catalog: `load(view)` loads it anew.
 * @param {{onChange: () => void}} of
 */
export function makeCatalog({ onChange }) {
  let loading = null;
  let retrying;
  const catalog = {
    records: [],
    byName: new Map(),
    known: knownOf([]),
    total: null,
    version: null,
    isPinned: true,
    isLoaded: false,
    served: null,
    loadedAtMs: null,
    problem: null,
    newVersion: null,
    inactive: false,
    async load({ inactive }) {
      catalog.inactive = inactive;
      loading?.abort();
      clearTimeout(retrying);
      loading = new AbortController();
      const { signal } = loading;
      Object.assign(catalog, { isLoaded: false, newVersion: null });
      let models = [];
      try {
        await loadCatalog({
          inactive,
          signal,
          onPage(page, told) {
            if (signal.aborted) return;
            catalog.problem = null;
            models = told.isFirst ? page : [...models, ...page];
            take(catalog, models, told);
            onChange();
          },
        });
        if (signal.aborted) return;
        Object.assign(catalog, { isLoaded: true, problem: null });
      } catch (problem) {
        if (signal.aborted) return;
        catalog.problem = problem;
        // As often as the service wants to be asked, and while somebody looks.
        if (problem.retryAfterSecs !== undefined) retrying = setTimeout(() => catalog.load(catalog), retrySecs(problem) * 1_000);
      }
      onChange();
    },
    notices: () => notices(catalog),
  };
  watch(catalog, onChange);
  return catalog;
}

function take(catalog, models, { total, version, headers, isFirst, isPinned }) {
  Object.assign(catalog, { total, version, isPinned });
  if (isFirst) Object.assign(catalog, { served: servedWords(headers), loadedAtMs: Date.now() });
  catalog.records = models.map(recordOf);
  catalog.byName = new Map(catalog.records.map((record) => [record.name, record]));
  catalog.known = knownOf(catalog.records);
}

// The values that there are to choose from, the most frequent first.
function knownOf(records) {
  const counts = { providers: new Map(), modalities: new Map() };
  const names = new Map();
  for (const { offers } of records) {
    for (const { slug, provider, modality } of offers) {
      names.set(slug, provider);
      counts.providers.set(slug, (counts.providers.get(slug) ?? 0) + 1);
      if (modality !== null) counts.modalities.set(modality, (counts.modalities.get(modality) ?? 0) + 1);
    }
  }
  const ordered = (of) => [...of].sort((a, b) => b[1] - a[1]).map(([value]) => value);
  return {
    providers: new Map(ordered(counts.providers).map((slug) => [slug, names.get(slug)])),
    modalities: new Map(ordered(counts.modalities).map((modality) => [modality, modality])),
  };
}

// Asks now and then whether another version is published, while somebody looks.
function watch(catalog, onChange) {
  setInterval(async () => {
    if (document.hidden || !catalog.version || catalog.newVersion) return;
    try {
      const { body } = await ask("/v1/models/unique/changes?limit=1");
      if (body.version === catalog.version || body.include_inactive) return;
      catalog.newVersion = body.version;
      onChange();
    } catch {
      // Whoever asks for more is told what is wrong; this only looks.
    }
  }, WATCH_MS);
}

function notices(catalog) {
  const again = () => catalog.load(catalog);
  const { problem, records, total, served, isPinned, newVersion } = catalog;
  const shown = [];
  if (problem && records.length === 0) shown.push(problemPanel(problem, again, retryWords(problem)));
  else if (problem)
    shown.push(
      notice(
        "warn",
        `Only ${count(records.length)} of ${plural(total, "model")} could be loaded: ${problem.message}`,
        button("Try again", again),
      ),
    );
  if (served?.word === "stale") {
    const age = served.ageSecs === undefined ? "" : `, read from the database ${duration(served.ageSecs)} ago`;
    shown.push(
      notice(
        "warn",
        [badge("warn", "stale"), ` This is the last catalog that is known${age}. Prices and health may be other ones by now.`],
        button("Load again", again),
      ),
    );
  }
  if (!isPinned && !problem)
    shown.push(
      notice("warn", "Redis does not answer: pages were loaded one by one, and may be of several versions.", button("Load again", again)),
    );
  if (newVersion && !catalog.inactive)
    shown.push(notice("info", "The catalog changed since it was loaded.", button("Show what there is now", again)));
  return shown;
}

function retrySecs({ retryAfterSecs }) {
  return Math.max(RETRY_SECS_MIN, retryAfterSecs);
}

function retryWords(problem) {
  return problem.retryAfterSecs === undefined ? undefined : `It is asked again in ${retrySecs(problem)} s.`;
}

function notice(tone, ...content) {
  return el(
    "div",
    { class: `notice ${tone}`, role: "status" },
    content.map((part) => (part instanceof Node ? part : el("p", {}, part))),
  );
}
