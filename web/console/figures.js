// Figures as operators see them. What the API counted is shown digit by digit; what is worked out of it says "about".
import { el } from "../shared/dom.js";
import { ago, clock, count } from "../shared/words.js";

const CENTS = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const ROUGH = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const TENTHS = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const NONE = "–";

/** A number with all of its digits, with what it is of; a dash where there is none. */
export function exact(number, unit) {
  if (typeof number !== "number") return NONE;
  return unit ? `${count(number)} ${unit}` : count(number);
}

/** What was worked out, in three digits. */
export const rough = (number, unit) => (number === 0 ? `0 ${unit}` : `about ${ROUGH.format(number)} ${unit}`);

/** What something comes to, in US dollars. */
export const dollars = (amount) => (amount > 0 && amount < 0.01 ? "less than $0.01" : CENTS.format(amount));

/** A share as percent; what is hardly anything is not shown as nothing, nor nearly all as all. */
export function percent(share) {
  if (share > 0 && share < 0.001) return "less than 0.1 %";
  if (share < 1 && share > 0.999) return "more than 99.9 %";
  return `${TENTHS.format(share * 100)} %`;
}

/** A moment on this machine's clock. */
export const moment = (atMs) => el("time", { datetime: new Date(atMs).toISOString() }, clock(atMs));

/** A moment with how long ago it was. */
export const since = (atMs, nowMs) => (typeof atMs === "number" ? [moment(atMs), `, ${ago(atMs, nowMs)}`] : NONE);
