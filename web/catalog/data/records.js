// Records: a model of the API with what the page compares of it, read once.
import { costOf, decimal, priceOf } from "../../shared/price.js";
import { CAPABILITIES } from "./view.js";

const FLAGS = { streaming: "supports_streaming", function_calling: "supports_function_calling", vision: "supports_vision" };
/** Capabilities as they are shown. */
export const CAPABILITY_WORDS = { streaming: "streaming", function_calling: "tools", vision: "vision" };
const HEALTH_RANK = { healthy: 3, degraded: 2, unknown: 1, down: 0 };

/**
 * A model of the API as a record.
 * @param {any} model
 * @param {number} place in the listing as it came
 */
export function recordOf(model, place) {
  const seen = new Map();
  const offers = model.providers.map((offer) => {
    const nth = seen.get(offer.slug) ?? 0;
    seen.set(offer.slug, nth + 1);
    return offerOf(offer, nth);
  });
  const cheapest = offers.find(({ slug }) => slug === model.cheapest_provider) ?? null;
  const contexts = offers.map(({ context }) => context).filter((context) => context !== null);
  return {
    model,
    place,
    name: model.name,
    id: model.id,
    lower: model.name.toLowerCase(),
    offers,
    cheapest: cheapest && cheapestOf(offers, cheapest),
    paid: leastPaid(offers),
    fastest: offers.find(({ slug, latencyMs }) => slug === model.fastest_provider && latencyMs === model.fastest_response_time) ?? null,
    context: contexts.length > 0 ? Math.max(...contexts) : null,
    can: CAPABILITIES.filter((capability) => offers.some((offer) => offer.can.includes(capability))),
    healthy: offers.filter(({ health }) => health === "healthy").length,
    health: bestHealth(offers),
  };
}

function offerOf(offer, nth) {
  return {
    offer,
    nth,
    slug: offer.slug,
    provider: offer.name ?? offer.slug,
    prompt: decimal(offer.pricing?.prompt),
    completion: decimal(offer.pricing?.completion),
    context: offer.context_length,
    latencyMs: offer.average_response_time_ms,
    health: offer.health_status ?? "unknown",
    modality: offer.modality,
    can: CAPABILITIES.filter((capability) => offer[FLAGS[capability]] === true),
  };
}

// A provider that lists a model twice is the cheapest with one of both.
function cheapestOf(offers, { slug }) {
  const own = offers.filter((offer) => offer.slug === slug && offer.prompt);
  return own.reduce((least, offer) => (offer.prompt.lt(least.prompt) ? offer : least), own[0]) ?? null;
}

// The least price that is one: 0 is written of what is free, and of what is not known.
function leastPaid(offers) {
  return offers.reduce((least, offer) => (offer.prompt?.gt(0) && !(least && least.prompt.lte(offer.prompt)) ? offer : least), null);
}

function bestHealth(offers) {
  const rank = (health) => HEALTH_RANK[health] ?? 1;
  return offers.reduce((best, { health }) => (best === null || rank(health) > rank(best) ? health : best), null) ?? "unknown";
}

/** What goes in and what comes out, as it is shown. */
export function modalityWords(modality) {
  return modality.replaceAll("+", " + ").replaceAll("->", " → ");
}

/** How a state of health compares: more is better. */
export function healthRank(health) {
  return HEALTH_RANK[health] ?? 1;
}

/** The health of a model in words: of how many of its offers. */
export function healthOf({ offers, healthy, health }) {
  if (healthy === offers.length) return { tone: "ok", text: "healthy" };
  if (healthy > 0) return { tone: healthy * 2 >= offers.length ? "ok" : "warn", text: `${healthy}/${offers.length} healthy` };
  return { tone: { degraded: "warn", down: "bad" }[health] ?? "mute", text: health };
}

/** An offer's price per million tokens in words, in or out. */
export function promptPrice(offer) {
  return priceOf(offer?.offer.pricing?.prompt);
}

export function completionPrice(offer) {
  return priceOf(offer?.offer.pricing?.completion);
}

/** What the mix of a view costs with an offer, in dollars a month; null without a mix or a price. */
export function monthOf(offer, { tokensIn, tokensOut }) {
  if (!offer || (tokensIn === null && tokensOut === null)) return null;
  return costOf(offer.offer.pricing, tokensIn ?? 0, tokensOut ?? 0);
}

/**
 * The least cost of the mix among a model's offers: {offer, cost}, or null. As everywhere in the API, 0 is the cheapest; with `isPaid` it is
 * passed over, since it is also written of what is not known.
 */
export function cheapestMonth({ offers }, view, { isPaid = false } = {}) {
  let best = null;
  for (const offer of offers) {
    const cost = monthOf(offer, view);
    if (cost && !(isPaid && cost.eq(0)) && (!best || cost.lt(best.cost))) best = { offer, cost };
  }
  return best;
}
