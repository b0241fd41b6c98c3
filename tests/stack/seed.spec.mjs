// The seed: prices as the backend's Python writes them, and a catalog that is whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import { perToken } from "../../dev/stack/database/price.mjs";
import { seedTables } from "../../dev/stack/database/seed.mjs";

test("prices per token are exact and written like str(Decimal)", () => {
  for (const [perMillion, text] of [
    [0, "0"],
    [3, "0.000003"],
    [1, "0.000001"],
    [0.15, "1.5E-7"],
    [0.3, "3E-7"],
    [12.5, "0.0000125"],
    [600, "0.0006"],
    [0.02499, "2.499E-8"],
    [0.0000025, "2.5E-12"],
    [1_500_000, "1.5"],
    [20_000_000, "20"],
  ]) {
    assert.equal(perToken(perMillion), text);
    assert.ok(Math.abs(Number(text) - perMillion / 1e6) <= 1e-15 * perMillion);
  }
});

test("every offer belongs to a provider and a unique model that counts it", () => {
  const { providers, models, unique_models, unique_models_provider, model_pricing } = seedTables();
  assert.equal(unique_models_provider.length, models.length);
  for (const mapping of unique_models_provider) {
    const model = models[mapping.model_id - 1];
    assert.equal(model.provider_id, mapping.provider_id);
    assert.equal(unique_models[mapping.unique_model_id - 1].model_name, model.model_name);
    assert.ok(providers[mapping.provider_id - 1]);
  }
  assert.equal(unique_models.reduce((sum, row) => sum + row.model_count, 0), models.length);
  assert.equal(new Set(providers.map(({ name }) => name)).size, providers.length);
  assert.equal(model_pricing.length, models.filter(({ metadata }) => metadata.pricing_raw).length);
});
