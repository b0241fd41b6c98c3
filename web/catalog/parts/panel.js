// Dialogs: a modal panel that Escape closes, which the browser keeps the focus in.
import { el, fill } from "../../shared/dom.js";
import { button } from "../../shared/widgets.js";

/**
 * Makes a panel. `open(title, content)` shows it, or what is in it anew, and what was in it without content; `close()` hides it without telling.
 * @param {{name: string, onClose: () => void}} of
 */
export function makePanel({ name, onClose }) {
  const title = el("h2", { id: `${name}-title`, tabIndex: -1 });
  const content = el("div", { class: "panel-content" });
  const closing = button("Close", () => onClose(), { class: "close" });
  const node = el(
    "dialog",
    { id: name, class: "panel-dialog", "aria-labelledby": title.id },
    el("div", { class: "panel-head" }, title, closing),
    content,
  );
  node.addEventListener("cancel", (event) => {
    event.preventDefault();
    onClose();
  });
  // What is beside the panel is the dialog itself.
  node.addEventListener("click", (event) => {
    if (event.target === node) onClose();
  });
  document.body.append(node);
  return {
    node,
    content,
    open(text, ...children) {
      fill(title, text);
      if (children.length > 0) fill(content, children);
      if (node.open) return;
      node.showModal();
      content.scrollTop = 0;
      title.focus();
    },
    close() {
      if (node.open) node.close();
    },
  };
}
