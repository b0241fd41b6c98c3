// The operator's token: in this tab's sessionStorage and nowhere else. No address and no link ever holds it.

const KEY = "console.token";
/** ADMIN_TOKEN is printable ASCII without white space, which is also all that the header can carry. */
const SENDABLE = /^[\x21-\x7e]+$/;

export const heldToken = () => sessionStorage.getItem(KEY);
export const keepToken = (token) => sessionStorage.setItem(KEY, token);
export const forgetToken = () => sessionStorage.removeItem(KEY);

/** Why a text cannot be a token, or null. */
export function tokenFault(text) {
  if (text === "") return "Enter the token.";
  return SENDABLE.test(text) ? null : "That is no token: it has white space, or signs that are not ASCII.";
}

/** What the first answer says to whoever signs in, or null when they are let in. */
export function signInFault({ ok, status, words }) {
  if (ok) return null;
  if (status === 401) return "Wrong token: the API refused it. It takes the value of ADMIN_TOKEN; METRICS_TOKEN opens nothing here.";
  if (status === 404) return "There are no operators' routes here: this deployment has no ADMIN_TOKEN.";
  return words;
}
