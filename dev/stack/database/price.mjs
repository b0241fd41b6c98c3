// Prices as the backend's Python writes them: str(Decimal), exact, never through a float.

// From this exponent on, Decimal prints plainly; below, in scientific notation.
const LOWEST_PLAIN_EXPONENT = -6;

/** A price per million tokens as the price of one token: 3 → "0.000003", 0.15 → "1.5E-7". */
export function perToken(perMillion) {
  if (perMillion === 0) return "0";
  const [mantissa, exponent] = perMillion.toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const shifted = Number(exponent) - 6;
  if (shifted < LOWEST_PLAIN_EXPONENT) return `${point(digits, 1)}E${shifted}`;
  return shifted < 0 ? `0.${"0".repeat(-shifted - 1)}${digits}` : point(digits.padEnd(shifted + 1, "0"), shifted + 1);
}

function point(digits, at) {
  return digits.length > at ? `${digits.slice(0, at)}.${digits.slice(at)}` : digits;
}
