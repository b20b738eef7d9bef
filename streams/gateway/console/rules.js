import { call, get, query } from "./api.js";
import { choice, empty, field, h, table } from "./dom.js";
import { count, level, LEVELS, plain, stage, when } from "./words.js";
import { quote } from "./evidence.js";

export async function rules(main, { filters, signal, go }) {
  const { text = "", ...wanted } = filters;
  const change = () => go("rules", Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter the rules", onsubmit: (e) => { e.preventDefault(); change(); } },
    field("words", "text", text, { type: "search", oninput: () => show() }),
    choice("level", "level", LEVELS.map((l) => [l, l]), wanted.level, change),
    choice("status", "status", ["experimental", "test", "stable", "deprecated"].map((x) => [x, x]), wanted.status, change));
  const body = h("div", {}, empty("Reading …"));
  main.append(h("h1", {}, "Rules at work"), form, body);
  const { rules: found, next } = await get(`/v1/rules${query({ ...wanted, limit: 1000 })}`, signal);
  found.sort((a, b) => a.alert.topic.localeCompare(b.alert.topic) || a.title.localeCompare(b.title));
  function show() {
    const words = form.elements.text.value.toLowerCase();
    const chosen = found.filter((r) => `${r.title} ${r.description} ${r.alert.topic}`.toLowerCase().includes(words));
    body.replaceChildren(...[chosen.length ? table("Rules", ["topic", "level", "title", "watches", "status", "#version"], chosen.map((r) => [
      r.alert.topic, level(r.level), h("a", { href: `#/rules/${encodeURIComponent(r.id)}` }, r.title), r.source, r.status, String(r.version)]))
      : empty(found.length ? "No rule has these words." : "No rule is at work: dragoman rules apply puts the shipped pack to work."),
    next && h("p", { class: "note" }, "The latest thousand are shown.")].filter(Boolean));
  }
  show();
}

async function work(button, place, doing, ask, show) {
  button.disabled = true;
  place.replaceChildren(empty(doing));
  try { place.replaceChildren(...show(await ask())); }
  catch (error) { place.replaceChildren(h("p", { class: "wrong", role: "alert" }, error.message)); }
  finally { button.disabled = false; }
}

function explained(records) {
  if (!records.length) return [empty("There is no such record in this text: the rule watches something that was not read in it.")];
  return records.map((record) => h("article", { class: "report" },
    h("p", {}, h("strong", {}, record.matched.length ? `holds (${record.matched.join(", ")})` : "does not hold")),
    h("dl", { class: "clauses" }, Object.entries(record.selections).map(([name, clauses]) => [
      h("dt", { class: clauses ? "held" : "failed" }, `${clauses ? "✓" : "✗"} ${name}`),
      h("dd", {}, clauses ? clauses.map((c) => [h("div", {}, h("code", {}, `${c.field}: ${c.value}`)), c.evidence && quote(c.evidence)]) : "failed")]))));
}

export async function rule(main, { id, signal }) {
  const { rule: r, text, tests } = await get(`/v1/rules/${encodeURIComponent(id)}`, signal);
  const answer = h("div", { "aria-live": "polite" }), before = h("div", { "aria-live": "polite" });
  const words = h("textarea", { rows: 5, dir: "auto", "aria-label": "A text to hold the rule against", placeholder: "Put a text here: which clause holds on which words, and which fails?" });
  const written = h("textarea", { rows: Math.min(30, text.split("\n").length + 1), class: "code", spellcheck: "false", "aria-label": "The rule, to be changed for a preview", value: text });
  const since = choice("look back", "since", [["7d", "a week"], ["30d", "a month"], ["365d", "a year"], ["3650d", "all there is"]], "", () => {}, "90 days");
  const explain = h("button", { type: "button", onclick: () => {
    if (!words.value.trim()) { words.focus(); return; }
    work(explain, answer, "Reading the text; this takes a few seconds …", () => call("POST", "/v1/rules/explain", { rule: written.value, text: words.value }, signal), explained);
  } }, "Explain");
  const preview = h("button", { type: "button", onclick: () => work(preview, before, "Replaying what was read; this may take a while …",
    () => call("POST", "/v1/rules/preview", { rule: written.value, since: since.querySelector("select").value || "90d" }, signal), (seen) => [
      h("p", {}, `${count(seen.alerts.length, "alert")} from ${count(seen.transcripts, "transcript")}: ${seen.alerts_a_day.toFixed(2)} a day, ${count(seen.near_misses, "near miss").replace(/misss$/, "misses")}.`),
      seen.alerts.length ? table("What it would have raised", ["level", "summary", "stage", "raised"], [...seen.alerts].reverse().slice(0, 50).map((a) => [level(a.level), a.summary, stage(a.stage), when(a.raised_time)]))
        : empty("It would have raised nothing.")]) }, "Preview on history");
  main.append(h("p", { class: "back" }, h("a", { href: "#/rules" }, "← all rules")), h("h1", {}, r.title),
    h("p", { class: "facts" }, level(r.level), h("span", {}, r.status), h("span", {}, `version ${r.version}`), h("span", {}, `watches ${r.source}`), h("span", {}, `topic ${r.alert.topic}`)),
    h("p", {}, r.description), h("h2", {}, "Known false positives"), h("ul", {}, r.falsepositives.map((f) => h("li", {}, f))),
    h("h2", {}, "The rule"), written, h("p", { class: "note" }, "Changes here are for explain and preview alone; ", h("code", {}, "dragoman rules apply"), " puts a rule to work."),
    h("div", { class: "filters" }, since, preview), before,
    tests && h("details", {}, h("summary", {}, "Its tests: when it fires, and when it almost does"), h("pre", { class: "code", tabindex: 0 }, tests)),
    h("h2", {}, "Explain"), words, h("p", {}, explain), answer);
}
