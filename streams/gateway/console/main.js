// The shell: which page is shown, keys, light and dark.
import { connect, keepToken } from "./api.js";
import { h } from "./dom.js";
import { refreshTimes } from "./words.js";
import { alert, alerts } from "./alerts.js";
import { agreement, agreements } from "./agreements.js";
import { events, transcript } from "./events.js";
import { rule, rules } from "./rules.js";
import { replay, replays, subscriptions, topics } from "./operation.js";

const PAGES = { alerts: [alerts, alert], agreements: [agreements, agreement], events: [events], transcripts: [null, transcript],
  rules: [rules, rule], topics: [topics], subscriptions: [subscriptions], replays: [replays, replay] };
const MENU = ["alerts", "agreements", "events", "rules", "topics", "subscriptions", "replays"];
const main = document.querySelector("main"), state = document.querySelector("#state"), nav = document.querySelector("nav");
const name = (word) => word[0].toUpperCase() + word.slice(1);
nav.append(...MENU.map((page) => h("a", { href: `#/${page}` }, name(page))));

const go = (page, filters) => { location.hash = `#/${page}${Object.keys(filters).length ? `?${new URLSearchParams(filters)}` : ""}`; };
let leaving = new AbortController();

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...rest] = (path || "alerts").split("/");
  const id = rest.length ? decodeURIComponent(rest.join("/")) : null;
  const draw = PAGES[page]?.[id === null ? 0 : 1];
  for (const link of nav.children) link.toggleAttribute("aria-current", link.hash === `#/${page}`);
  for (const link of nav.children) if (link.hash === `#/${page}`) link.setAttribute("aria-current", "page");
  document.title = `${name(page)} – Dragoman`;
  const root = h("div", { class: "page" });
  main.replaceChildren(root);
  scrollTo(0, 0);
  if (!draw) { root.append(h("h1", {}, "There is no such page"), h("p", {}, h("a", { href: "#/alerts" }, "To the alerts"))); return; }
  try {
    await draw(root, { id, filters: Object.fromEntries(new URLSearchParams(search)), signal, go });
  } catch (error) {
    if (!signal.aborted) root.append(h("p", { class: "wrong", role: "alert" }, name(error.message)));
  }
}

// --- the token, where one is needed
const tokenBox = document.querySelector("#token"), tokenWrong = h("p", { class: "wrong", role: "alert" });
tokenBox.append(h("form", { method: "dialog", onsubmit: (e) => { keepToken(e.target.elements.token.value.trim()); setTimeout(show); } },
  h("h2", { id: "token-title" }, "A token is needed"),
  h("p", {}, "It is kept until this tab is closed. dragoman tokens add NAME --scope read makes one; what changes something needs manage as well."),
  h("label", {}, h("span", {}, "token"), h("input", { name: "token", type: "password", required: true, autocomplete: "current-password" })), tokenWrong, h("button", { type: "submit" }, "Go on")));
connect({ onTokenNeeded: (why) => { tokenWrong.textContent = why ? name(why) : ""; tokenBox.querySelector("form").reset(); if (!tokenBox.open) tokenBox.showModal(); }, onState: (words) => { if (state.textContent !== words) state.textContent = words; } });

// --- keys
const help = document.querySelector("#help");
const KEYS = [["j / k", "next, previous"], ["Enter", "open"], ["u", "back to the list"], ["/", "filter"], ["g then a, g, e, r, t, s, p", "alerts, agreements, events, rules, topics, subscriptions, replays"], ["?", "this help"]];
const JUMPS = { a: "alerts", g: "agreements", e: "events", r: "rules", t: "topics", s: "subscriptions", p: "replays" };
help.append(h("form", { method: "dialog" }, h("h2", { id: "help-title" }, "Keys"),
  h("dl", {}, KEYS.map(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)])), h("button", {}, "Close")));
let jumping = -Infinity;
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (performance.now() - jumping < 1500 && JUMPS[event.key]) { jumping = -Infinity; go(JUMPS[event.key], {}); event.preventDefault(); return; }
  const links = [...main.querySelectorAll(".alerts > li:not([hidden]) > a, tbody td a")];
  const at = links.indexOf(document.activeElement);
  const acts = {
    j: () => links[Math.min(at + 1, links.length - 1)]?.focus(),
    k: () => links[Math.max(at - 1, 0)]?.focus(),
    u: () => main.querySelector(".back a")?.click(),
    g: () => { jumping = performance.now(); },
    "/": () => main.querySelector(".filters input, .filters select")?.focus(),
    "?": () => help.showModal(),
  };
  if (acts[event.key]) { acts[event.key](); event.preventDefault(); }
});

// --- light and dark: as the system has it, until someone chooses
const THEME = "dragoman-theme";
const dark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const kept = localStorage.getItem(THEME);
if (kept) document.documentElement.dataset.theme = kept;
document.querySelector("#theme").addEventListener("click", () => {
  const next = dark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem(THEME, next);
});
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });

setInterval(refreshTimes, 30000);
addEventListener("hashchange", show);
show();
