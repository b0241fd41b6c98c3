// Asks before something is done: what it will do in words, and the very request.
import { el } from "../../shared/dom.js";
import { button } from "../../shared/widgets.js";

/** Whether the operator wants it. @param {import("./actions.js").Action} action */
export function isConfirmed({ title, before, path, body, isGrave }) {
  return new Promise((resolve) => {
    const close = (answer) => dialog.close(answer);
    const dialog = el(
      "dialog",
      { class: "panel confirm", "aria-labelledby": "confirm-title" },
      el("h2", { id: "confirm-title" }, `${title}?`),
      el(
        "ul",
        { class: "before" },
        before.map((text) => el("li", {}, text)),
      ),
      el("pre", { class: "code" }, `POST ${path}\n${JSON.stringify(body)}`),
      el(
        "div",
        { class: "actions" },
        button("Cancel", () => close(""), { autofocus: true }),
        button(title, () => close("yes"), { class: isGrave ? "danger" : "primary", dataset: { do: "confirm" } }),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
