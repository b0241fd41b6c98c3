// Elements, made without HTML: names come from a database, so text is only ever text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Props that begin with `on` are listeners, `dataset` and `style` are set member by member, known properties are set, and all
 * others are attributes; null, undefined and false leave one out. Children are nodes, texts, numbers, or lists of them.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...any} children
 */
export function el(tag, props = {}, ...children) {
  return built(document.createElement(tag), props, children);
}

/** The same of an SVG. */
export function svg(tag, props = {}, ...children) {
  return built(document.createElementNS(SVG, tag), props, children);
}

/** Replaces what is in a node. */
export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

/** The element of this id, which the page's HTML has. */
export function byId(id) {
  return document.getElementById(id);
}

// Attributes of the same name say what was there at first, not what is there now.
const PROPERTIES = new Set(["checked", "disabled", "hidden", "indeterminate", "inert", "open", "selected", "tabIndex", "value"]);

function built(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    // Not the attribute, which the pages' policy forbids.
    else if (name === "style") for (const [property, text] of Object.entries(value)) node.style.setProperty(property, text);
    else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...flat(children));
  return node;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
