// Asks for the token, and says plainly what is wrong with it.
import { el } from "../shared/dom.js";
import { ROUTES, askOperators } from "./operators.js";
import { keepToken, signInFault, tokenFault } from "./session.js";

/** The form. `entered(answer)` hears of the first answer of the statistics; `why` is why one has to sign in again. */
export function signInForm({ entered, why = null }) {
  const input = el("input", {
    id: "token",
    type: "password",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-describedby": "token-fault token-words",
  });
  const fault = el("p", { id: "token-fault", class: "fault", role: "alert" }, why);
  const submit = el("button", { type: "submit", class: "primary" }, "Sign in");
  const node = el(
    "form",
    { class: "panel signin", "aria-labelledby": "signin-title" },
    el("h2", { id: "signin-title" }, "Sign in"),
    el("div", { class: "field" }, el("label", { for: "token" }, "Token"), input),
    fault,
    el("div", { class: "actions" }, submit),
    el(
      "p",
      { id: "token-words", class: "soft small" },
      "The value of ADMIN_TOKEN. It stays in this tab until it is closed or you sign out, and is in no address.",
    ),
  );
  const refuse = (text) => {
    input.setAttribute("aria-invalid", "true");
    fault.textContent = text;
    input.focus();
    input.select();
  };
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    const token = input.value.trim();
    const wrong = tokenFault(token);
    if (wrong) return refuse(wrong);
    submit.disabled = true;
    fault.textContent = "";
    const answer = await askOperators(ROUTES.stats, { token });
    submit.disabled = false;
    const refused = signInFault(answer);
    if (refused) return refuse(refused);
    keepToken(token);
    return entered(answer);
  });
  return { node, focus: () => input.focus() };
}
