// Brings a part of the page to what it was made anew as, and leaves alone what is the same: a page that is written every second keeps
// its focus, its selection, what is scrolled, and what a screen reader is reading. Listeners are not carried over.
import { el } from "./dom.js";

/** What a reader changes: whether details are open. */
const READERS = new Set(["open"]);

/** Makes the children of `parent` such as these. */
export function morph(parent, ...children) {
  bring(parent, el("div", {}, ...children));
}

function bring(parent, wanted) {
  const nodes = [...wanted.childNodes];
  nodes.forEach((node, place) => {
    const present = parent.childNodes[place];
    if (!present) parent.append(node);
    else if (!isAlike(present, node)) present.replaceWith(node);
    else if (!present.isEqualNode(node)) update(present, node);
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
}

function isAlike(present, node) {
  return present.nodeType === node.nodeType && present.nodeName === node.nodeName;
}

function update(present, node) {
  if (present.nodeType !== Node.ELEMENT_NODE) {
    present.data = node.data;
    return;
  }
  for (const { name } of [...present.attributes]) {
    if (!node.hasAttribute(name) && !READERS.has(name)) present.removeAttribute(name);
  }
  for (const { name, value } of node.attributes) {
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  }
  bring(present, node);
}
