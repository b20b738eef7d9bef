// Makes elements. Text is always text: nothing that was broadcast is ever read as HTML.
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export const empty = (words) => h("p", { class: "empty" }, words);

export function table(caption, heads, rows) {
  const head = heads.map((head) => h("th", { scope: "col", class: head.startsWith("#") && "number" }, head.replace(/^#/, "")));
  const body = rows.map((row) =>
    h("tr", {}, row.map((cell, at) => h("td", { class: heads[at].startsWith("#") && "number", "data-head": heads[at].replace(/^#/, "") }, cell))));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "hidden" }, caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}

export function choice(label, name, values, chosen, onchange, any = "all") {
  return h("label", {}, h("span", {}, label),
    h("select", { name, onchange }, h("option", { value: "" }, any),
      values.map(([value, words]) => h("option", { value, selected: value === chosen }, words))));
}

export function field(label, name, value, attributes = {}) {
  return h("label", {}, h("span", {}, label), h("input", { name, value: value ?? "", autocomplete: "off", ...attributes }));
}
