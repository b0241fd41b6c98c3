// Decimals of any length, in integers: what the pages show is held to these, which share no code with them.

const NUMBER = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** {digits, places}: the value is `digits` at 10 to the power of −`places`. Undefined for text that is no number. */
export function decimal(text) {
  const found = NUMBER.exec(text.trim());
  if (!found) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = found;
  const digits = BigInt(`${sign === "-" ? "-" : ""}${whole}${fraction}`);
  return { digits, places: fraction.length - Number(exponent) };
}

export function times(a, b) {
  return { digits: a.digits * b.digits, places: a.places + b.places };
}

export function plus(a, b) {
  const places = Math.max(a.places, b.places);
  return { digits: at(a, places) + at(b, places), places };
}

/** Below, at or above zero, as `a` is less than, equal to or more than `b`. */
export function compare(a, b) {
  const places = Math.max(a.places, b.places);
  const difference = at(a, places) - at(b, places);
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** All of its digits, without an exponent and without zeros that say nothing. */
export function written({ digits, places }) {
  const sign = digits < 0n ? "-" : "";
  const text = String(digits < 0n ? -digits : digits) + "0".repeat(Math.max(0, -places));
  const padded = text.padStart(Math.max(0, places) + 1, "0");
  const whole = places > 0 ? padded.slice(0, -places) : padded;
  const fraction = places > 0 ? padded.slice(-places).replace(/0+$/, "") : "";
  return `${sign}${whole.replace(/^0+(?=\d)/, "")}${fraction && `.${fraction}`}`;
}

/** US dollars of a million tokens, from the API's text of one token. */
export function perMillion(text) {
  const price = decimal(text);
  return price && times(price, { digits: 1n, places: -6 });
}

/** What a page shows as an amount: a currency sign, thousands apart, a real minus. */
export function shownAmount(text) {
  return decimal(text.replace(/[$,\s]/g, "").replace("−", "-"));
}

function at({ digits, places }, wanted) {
  return digits * 10n ** BigInt(wanted - places);
}
