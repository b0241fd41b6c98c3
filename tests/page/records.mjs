// Catalogs to look at, and what an API's records come to when somebody counts them one by one.
import { readVectors } from "../worker/vectors.mjs";

const HIGHEST_PAGE = 1000;

/** Tables of 13 models with one offer each: every listing that asks for more offers is empty. */
export function fewTables() {
  const { tables } = readVectors("tiny");
  const offers = new Map();
  for (const { unique_model_id: id } of tables.unique_models_provider) offers.set(id, (offers.get(id) ?? 0) + 1);
  const unique = tables.unique_models.filter(({ id }) => offers.get(id) === 1).slice(0, 13);
  const ids = new Set(unique.map(({ id }) => id));
  return { ...tables, unique_models: unique, unique_models_provider: tables.unique_models_provider.filter((row) => ids.has(row.unique_model_id)) };
}

/** Every model that the API lists, page by page. */
export async function allModels(site, query = "") {
  const models = [];
  for (;;) {
    const { body } = await site.api(`/models/unique?limit=${HIGHEST_PAGE}&offset=${models.length}${query && `&${query}`}`);
    models.push(...body.models);
    if (models.length >= body.total) return models;
  }
}

const FLAGS = { streaming: "supports_streaming", function_calling: "supports_function_calling", vision: "supports_vision" };

/** {provider, modality, capability}: of each value how many of the models have an offer with it. */
export function facetsOf(models) {
  const counts = { provider: {}, modality: {}, capability: {} };
  for (const { providers } of models) {
    const having = {
      provider: providers.map(({ slug }) => slug),
      modality: providers.map(({ modality }) => modality).filter((modality) => modality !== null),
      capability: Object.keys(FLAGS).filter((name) => providers.some((offer) => offer[FLAGS[name]] === true)),
    };
    for (const [facet, values] of Object.entries(having)) {
      for (const value of new Set(values)) counts[facet][value] = (counts[facet][value] ?? 0) + 1;
    }
  }
  return counts;
}
