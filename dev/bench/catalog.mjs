// Catalogs of a chosen size. The first 234 models are those of the vectors, with five offers each on average; of a larger
// catalog the rest has one offer each, as most models of a large catalog do. So the pages that sort by the number of offers
// are the same at every size.
import { grown } from "../../tests/worker/catalogs.mjs";
import { readVectors } from "../../tests/worker/vectors.mjs";

/** Tables of so many models with an active offer. */
export function catalogOf(models) {
  const { tables } = readVectors("mid");
  const base = onlyListed(tables);
  const whole = base.unique_models.length;
  const all = grown(base, Math.ceil(models / whole));
  const kept = new Set(all.unique_models.slice(0, models).map(({ id }) => id));
  const seen = new Set();
  const copied = new Set(all.unique_models.slice(whole).map(({ id }) => id));
  const offers = all.unique_models_provider.filter(({ unique_model_id: id }) => {
    const isFirst = !seen.has(id);
    seen.add(id);
    return kept.has(id) && (isFirst || !copied.has(id));
  });
  const offered = new Set(offers.map(({ model_id }) => model_id));
  return {
    ...all,
    models: all.models.filter(({ id }) => offered.has(id)),
    unique_models: all.unique_models.filter(({ id }) => kept.has(id)),
    unique_models_provider: offers,
  };
}

// Models of providers that are off, and those without an active offer, are not in a listing.
function onlyListed({ providers, models, unique_models, unique_models_provider }) {
  const on = new Set(providers.filter(({ is_active }) => is_active).map(({ id }) => id));
  const active = new Set(models.filter(({ is_active }) => is_active).map(({ id }) => id));
  const offers = unique_models_provider.filter(({ provider_id, model_id }) => on.has(provider_id) && active.has(model_id));
  const listed = new Set(offers.map(({ unique_model_id }) => unique_model_id));
  return { providers, models, unique_models: unique_models.filter(({ id }) => listed.has(id)), unique_models_provider: offers };
}
