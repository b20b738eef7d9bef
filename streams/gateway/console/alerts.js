import { call, follow, get, query, Refused } from "./api.js";
import { choice, empty, field, h } from "./dom.js";
import { markText, quote } from "./evidence.js";
import { COUNTRIES, count, language, level, LEVELS, place, plain, source, stage, when } from "./words.js";

const TOPICS = ["security-mou", "diplomacy", "military", "coercion", "unrest"];
const TONGUES = ["ar", "az", "de", "en", "es", "fa", "fr", "hy", "it", "ja", "ko", "pt", "ru", "tr", "uk", "ur", "zh"];

function row(alert) {
  const last = alert.subjects.at(-1);
  const words = last?.evidence[0] ?? alert.clauses.find((c) => c.evidence)?.evidence;
  return h("li", { "data-id": alert.id, class: alert.status },
    h("a", { href: `#/alerts/${encodeURIComponent(alert.id)}`, class: "row" }, level(alert.level),
      h("span", { class: "line" }, h("strong", {}, alert.summary), stage(alert.stage)),
      words && h("q", { dir: "auto", lang: last?.language ?? null }, words.text),
      h("span", { class: "facts" },
        when(alert.updated_time), last && h("span", {}, h("bdi", {}, source(last.source))),
        last?.language && h("span", {}, language(last.language)), h("span", {}, alert.topic),
        alert.status !== "open" && h("span", { class: "status" }, alert.status),
        alert.origins > 1 && h("span", {}, `${alert.origins} origins`))));
}

export async function alerts(main, { filters, signal, go }) {
  const { text = "", ...wanted } = filters;
  const list = h("ol", { class: "alerts", "aria-label": "Alerts, newest on top" });
  const note = h("p", { class: "note" }, "Reading …");
  const fresh = h("button", { type: "button", class: "fresh", hidden: true, onclick: () => scrollTo({ top: 0 }) });
  const change = () => go("alerts", Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter the alerts", onsubmit: (e) => { e.preventDefault(); change(); } },
    field("words", "text", text, { type: "search", placeholder: "in summary, quotation, source", oninput: () => narrow() }),
    choice("topic", "topic", TOPICS.map((t) => [t, plain(t)]), wanted.topic, change),
    choice("level", "level", LEVELS.map((l) => [l, `${l} or higher`]), wanted.level, change),
    choice("country", "country", COUNTRIES, wanted.country, change),
    choice("language", "language", TONGUES.map((t) => [t, language(t)]), wanted.language, change),
    // on a phone the choices would fill half of it, so they are shown when asked for, or in use
    h("button", { type: "button", class: "unfold", "aria-expanded": "false", onclick: (e) => { form.classList.add("open"); e.target.hidden = true; } }, "More filters"));
  if (Object.keys(wanted).length) form.querySelector(".unfold").click();
  main.append(h("h1", { class: "hidden" }, "Alerts"), form, fresh, note, list);

  const known = new Map();
  let unseen = 0;
  function narrow() {
    const words = form.elements.text.value.toLowerCase();
    for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(words);
    const shown = [...list.children].filter((i) => !i.hidden).length;
    note.textContent = shown ? "" : known.size ? "No alert here has these words." : "No alert yet. New ones appear here by themselves.";
  }
  function put(alert, sequence, onTop) {
    const before = known.get(alert.id);
    if (before && before.sequence >= sequence) return;
    const item = row(alert);
    known.set(alert.id, { sequence });
    const old = list.querySelector(`[data-id="${CSS.escape(alert.id)}"]`);
    const focused = old?.contains(document.activeElement);
    old?.remove();
    if (onTop) {
      const height = document.documentElement.scrollHeight;
      list.prepend(item);
      if (scrollY > 80) {  // what is being read stays where it is; the browser's own anchoring is off, for not all have it
        scrollBy(0, document.documentElement.scrollHeight - height);
        unseen += 1;
        fresh.hidden = false;
        fresh.textContent = `${unseen} new ↑`;
      }
    } else list.append(item);
    if (focused) item.querySelector("a").focus();
  }
  addEventListener("scroll", () => { if (scrollY < 80) { unseen = 0; fresh.hidden = true; } }, { signal, passive: true });

  const more = h("button", { type: "button", class: "more", hidden: true }, "Older alerts");
  main.append(more);
  let page = await get(`/v1/alerts${query({ ...wanted, limit: 100 })}`, signal);
  while (!page.complete) {
    note.textContent = "The gateway is still reading the past …";
    await new Promise((done) => setTimeout(done, 1000));
    page = await get(`/v1/alerts${query({ ...wanted, limit: 100 })}`, signal);
  }
  for (const alert of page.alerts) put(alert, 0, false);
  let next = page.next;
  more.hidden = !next;
  more.onclick = async () => {
    const older = await get(`/v1/alerts${query({ ...wanted, limit: 100, page: next })}`, signal);
    for (const alert of older.alerts) put(alert, 0, false);
    next = older.next;
    more.hidden = !next;
    narrow();
  };
  narrow();
  follow("/v1/alerts", wanted, page.cursor, "alert", (c) => { put(c.alert, c.sequence, true); narrow(); },
    () => { note.textContent = "Some alerts lie too far back to be shown here one by one; open the page again to see how all stand."; }, signal);
}

const KINDS = { raise: "raised", update: "updated", corroborate: "corroborated", contradict: "contradicted", cancel: "cancelled" };

export async function alert(main, { id, signal }) {
  // where the stream stands is read first: what comes while the alert is read is then told twice rather than not at all
  const { cursor } = await get("/v1/alerts?limit=1", signal);
  const { alert: found, changes } = await get(`/v1/alerts/${encodeURIComponent(id)}`, signal);
  const said = h("p", { class: "note", role: "status" });
  const page = h("div");
  const reports = new Map();
  main.append(h("p", { class: "back" }, h("a", { href: "#/alerts" }, "← all alerts")), said, page);
  page.append(...draw(found, changes, reports, signal));
  follow("/v1/alerts", { rule: found.rule_id }, cursor, "alert", (change) => {
    if (change.alert.id !== id || change.sequence <= changes.at(-1).sequence) return;
    changes.push(change);
    // what is being read stays where it is
    const read = [...page.querySelectorAll("article")].find((a) => a.getBoundingClientRect().bottom > 0);
    const top = read?.getBoundingClientRect().top;
    const focused = page.contains(document.activeElement) && document.activeElement.getAttribute("href");
    page.replaceChildren(...draw(change.alert, changes, reports, signal));
    said.textContent = `Just ${KINDS[change.kind] ?? change.kind}.`;
    if (scrollY > 80 && read?.isConnected) scrollBy(0, read.getBoundingClientRect().top - top);
    if (focused) [...page.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused)?.focus({ preventScroll: true });
  }, () => { said.textContent = "Some changes lie too far back to be shown one by one; open the page again to see how it stands."; }, signal);
}

function draw(found, changes, reports, signal) {
  document.title = `${found.summary} – Dragoman`;
  // what one selection asks of several fields often stands in the same words: told once
  const reasons = new Map();
  for (const { selection, field: name, value, evidence } of found.clauses) {
    if (!reasons.has(selection)) reasons.set(selection, { fields: new Map(), quotes: new Map() });
    const { fields, quotes } = reasons.get(selection);
    if (name) fields.set(name, [...(fields.get(name) ?? []), value]);
    if (evidence) quotes.set(evidence.text, evidence);
  }
  const words = found.subjects.at(-1)?.evidence[0];
  return [
    h("h1", {}, found.summary),
    h("p", { class: "facts" }, level(found.level), stage(found.stage), h("span", { class: "status" }, found.status),
      h("span", {}, count(found.origins, "independent origin")),
      h("span", {}, "rule: ", h("a", { href: `#/rules/${encodeURIComponent(found.rule_id)}` }, found.rule_title)),
      found.agreement_id && h("a", { href: `#/agreements/${encodeURIComponent(found.agreement_id)}` }, "the agreement")),
    found.parties.length > 0 && h("p", {}, found.parties.map((p, at) => [at > 0 && " · ", h("bdi", {}, p.name), place(p.code) !== p.name && ` (${place(p.code)})`])),
    words && quote(words),
    h("h2", {}, "Its life"),
    h("ol", { class: "life" }, changes.map((c) => {
      const cause = c.alert.subjects.at(-1);
      return h("li", {}, h("strong", {}, KINDS[c.kind] ?? c.kind), " ", when(c.alert.updated_time), " ", stage(c.alert.stage),
        cause && [" · ", h("bdi", {}, source(cause.source))]);
    })),
    h("h2", {}, "Why"),
    h("dl", { class: "clauses" }, [...reasons].map(([name, { fields, quotes }]) => [
      h("dt", {}, plain(name)), h("dd", {}, [...fields].map(([f, values]) => h("div", {}, h("code", {}, `${f}: ${values.join(", ")}`))), [...quotes.values()].map(quote))])),
    h("h2", {}, count(found.subjects.length, "report")),
    ...articles(found, reports, signal)].filter(Boolean);
}

// The transcripts, newest on top, with the words marked; `drawn` keeps those of before, which are not read again.
function articles(found, drawn, signal) {
  const clauseEvidence = found.clauses.map((c) => c.evidence).filter(Boolean);
  const reports = new Map();
  for (const subject of found.subjects) {
    if (!reports.has(subject.transcript_id)) reports.set(subject.transcript_id, { subject, evidence: [] });
    reports.get(subject.transcript_id).evidence.push(...subject.evidence);
  }
  return [...reports.values()].reverse().map(({ subject, evidence }) => {
    const known = drawn.get(subject.transcript_id);
    if (known?.count === evidence.length) return known.article;
    const article = report(subject, evidence, clauseEvidence, signal);
    drawn.set(subject.transcript_id, { article, count: evidence.length });
    return article;
  });
}

function report(subject, evidence, clauseEvidence, signal) {
  const text = h("div", {}, empty("Reading the transcript …"));
  const tell = (...nodes) => {
    const { top, height } = text.getBoundingClientRect();
    text.replaceChildren(...nodes);
    if (top < 0) scrollBy(0, text.getBoundingClientRect().height - height);
  };
  call("GET", `/v1/transcripts/${encodeURIComponent(subject.transcript_id)}`, undefined, signal).then(({ transcript }) => {
    // a clause's words may come from any of the reports: only where they stand in this one are they its own
    const points = Array.from(transcript.text);
    const here = clauseEvidence.filter((e) => points.slice(e.start, e.end).join("") === e.text);
    const node = markText(transcript.text, [...evidence, ...here]);
    if (subject.language) node.lang = subject.language;
    tell(node);
  }).catch((error) => {
    if (signal.aborted) return;
    tell(empty(error instanceof Refused && error.status === 404
      ? "The transcript is no longer kept; these were its words:" : `The transcript cannot be read: ${error.message}.`), ...evidence.map(quote));
  });
  return h("article", { class: "report" },
    h("h3", { dir: "auto" }, subject.title ?? "Untitled"),
    h("p", { class: "facts" }, when(subject.event_time), h("span", {}, h("bdi", {}, source(subject.source))),
      subject.source.country && h("span", {}, place(subject.source.country)), subject.language && h("span", {}, language(subject.language))),
    text);
}
