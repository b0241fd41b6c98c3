// Catalogs as large as the largest on record (docs/backend.md, "Catalog sizes on record"), grown from the vectors.

/** The tables `times` over: copies have ids and names of their own, and offers of the same providers. */
export function grown(tables, times) {
  const copies = Array.from({ length: times }, (_, copy) => copyOf(tables, copy));
  const all = (name) => copies.flatMap((of) => of[name]);
  return {
    providers: tables.providers,
    models: all("models"),
    unique_models: all("unique_models"),
    unique_models_provider: all("unique_models_provider"),
  };
}

const APART = 100_000;

function copyOf({ models, unique_models, unique_models_provider }, copy) {
  const moved = (id) => id + copy * APART;
  const named = (name) => (copy === 0 ? name : `${name} ${copy}`);
  return {
    models: models.map((row) => ({ ...row, id: moved(row.id), provider_model_id: named(row.provider_model_id) })),
    unique_models: unique_models.map((row) => ({ ...row, id: moved(row.id), model_name: named(row.model_name) })),
    unique_models_provider: unique_models_provider.map((row) => ({
      ...row,
      id: moved(row.id),
      unique_model_id: moved(row.unique_model_id),
      model_id: moved(row.model_id),
    })),
  };
}
