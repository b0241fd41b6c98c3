// Prices, exactly: US dollars in decimal, from the API's texts. No float ever holds money.
import Big from "big.js";

// Beyond these a text is a mistake of the database; it would be written with as many zeros.
const EXPONENT_MAX = 400;
const ZEROS_MAX = 24;

/**
 * A decimal of a text such as `"7.2E-8"` or `"0.000003"`; null of text that is no number. Signs and underscores are read as the API
 * reads them (docs/backend.md, "Price number").
 * @param {string | null | undefined} text
 * @returns {Big | null}
 */
export function decimal(text) {
  try {
    const digits = String(text)
      .trim()
      .replace(/^\+/, "")
      .replace(/(\d)_(?=\d)/g, "$1");
    const number = new Big(digits);
    return Math.abs(number.e) > EXPONENT_MAX ? null : number;
  } catch {
    return null;
  }
}

/** The same number with its point moved by `places` digits: a price per token as one per million, by six. */
export function shifted(number, places) {
  return number.times(`1e${places}`);
}

/** Dollars per million tokens of the API's text per token; null of text that is no number. */
export function perMillion(text) {
  const price = decimal(text);
  return price && shifted(price, 6);
}

/** A decimal as text, every digit of it and none besides: `0.072`, with thousands apart. */
export function plain(number) {
  if (Math.abs(number.e) > ZEROS_MAX) return number.toExponential();
  const [whole, fraction] = number.toFixed().split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction ? `${grouped}.${fraction}` : grouped;
}

/** Dollars with every digit, and with two behind the point at least, but for round thousands: `$0.072`, `$15.00`, `$250,000`. */
export function dollars(number) {
  const text = plain(number.abs());
  const [, cents] = text.split(".");
  const isBare = text.includes("e") || (!cents && number.abs().gte(1_000));
  const whole = isBare ? text : `${text}${cents ? "0".repeat(Math.max(0, 2 - cents.length)) : ".00"}`;
  return `${number.lt(0) ? "−" : ""}$${whole}`;
}

/**
 * A price per token as people read it: what a million costs, or what the text means that is no price.
 * @param {string | null | undefined} text
 * @returns {{text: string, kind: "price" | "free" | "dynamic" | "unreadable", value: Big | null, title: string}}
 */
export function priceOf(text) {
  const value = perMillion(text);
  if (!value) return { text: String(text ?? "–"), kind: "unreadable", value, title: "The provider states no number" };
  // The API writes "dynamic" as −1 a token, and what is not known as 0 (docs/api.md, "Body").
  if (value.lt(0)) return { text: "dynamic", kind: "dynamic", value, title: `Priced by what it is routed to; the API says ${text}` };
  if (value.eq(0)) return { text: "$0", kind: "free", value, title: "Free, or not known: the API writes both as 0" };
  return { text: dollars(value), kind: "price", value, title: `${dollars(value)} per million tokens: the API says ${text} USD per token` };
}

/** Dollars for so many tokens in and out at these prices per token; null where one of them is no price. */
export function costOf(pricing, tokensIn, tokensOut) {
  const prompt = decimal(pricing?.prompt);
  const completion = decimal(pricing?.completion);
  if (!prompt || !completion || prompt.lt(0) || completion.lt(0)) return null;
  return prompt.times(tokensIn).plus(completion.times(tokensOut));
}

export { Big };
