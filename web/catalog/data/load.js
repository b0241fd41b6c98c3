// The catalog, whole: the first page at once, then the rest, all of one version.
import { ask, Problem } from "../../shared/api.js";

const LISTING = "/v1/models/unique";
const FIRST = 100;
const PAGE = 1000;

/**
 * Walks the catalog. `onPage(models, told)` hears of each page; `told` is {total, version, headers, isPinned}. A walk by cursor sees one
 * version; where none can be walked, since Redis does not answer, pages are asked for by their place. Throws a Problem.
 * @param {{inactive: boolean, signal: AbortSignal, onPage: (models: any[], told: object) => void}} of
 */
export async function loadCatalog({ inactive, signal, onPage }) {
  const scope = inactive ? "&include_inactive=true" : "";
  try {
    await walk({ scope, signal, onPage });
  } catch (error) {
    if (!(error instanceof Problem) || ![410, 503].includes(error.status)) throw error;
    await list({ scope, signal, onPage });
  }
}

async function walk({ scope, signal, onPage }) {
  let cursor = "*";
  for (let limit = FIRST; cursor !== null; limit = PAGE) {
    const { body, headers } = await ask(`${LISTING}?cursor=${encodeURIComponent(cursor)}&limit=${limit}${scope}`, { signal });
    onPage(body.models, { total: body.total, version: body.version, headers, isFirst: cursor === "*", isPinned: true });
    cursor = body.next_cursor;
  }
}

async function list({ scope, signal, onPage }) {
  let offset = 0;
  for (let limit = FIRST; ; limit = PAGE) {
    const { body, headers } = await ask(`${LISTING}?limit=${limit}&offset=${offset}${scope}`, { signal });
    onPage(body.models, { total: body.total, version: null, headers, isFirst: offset === 0, isPinned: false });
    offset += body.models.length;
    if (offset >= body.total || body.models.length === 0) return;
  }
}
