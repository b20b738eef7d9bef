import { get, query } from "./api.js";
import { choice, empty, field, h, s, table } from "./dom.js";
import { quote } from "./evidence.js";
import { COUNTRIES, count, place, plain, source, stage, stageKind, STAGES, when } from "./words.js";

const named = (agreement) => agreement.parties.filter((p) => !["ORG", "PER", "XXX"].includes(p.code));
const title = (a) => [a.name ?? (a.instrument === "mou" ? "memorandum of understanding" : plain(a.instrument)), a.domains.length ? `on ${a.domains.map(plain).join(", ")}` : ""].filter(Boolean).join(" ");

// Who agrees with whom: states on a circle, a line for each pair, its kind by the furthest that stands between the two.
function picture(agreements, go) {
  const pairs = new Map();
  for (const a of agreements) {
    const codes = [...new Set(named(a).map((p) => p.code.split(":")[0]))].sort();
    for (let i = 0; i < codes.length; i += 1) for (let j = i + 1; j < codes.length; j += 1) {
      const key = `${codes[i]}|${codes[j]}`;
      if (!pairs.has(key)) pairs.set(key, []);
      pairs.get(key).push(a);
    }
  }
  // beyond thirty nobody can read the circle: those with the most agreements stay
  const weight = new Map();
  for (const [key, found] of pairs) for (const code of key.split("|")) weight.set(code, (weight.get(code) ?? 0) + found.length);
  const codes = [...weight].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, 30).map(([code]) => code).sort();
  if (codes.length < 2) return empty("No two named parties agree on anything yet.");
  const where = new Map(codes.map((code, at) => {
    const angle = (2 * Math.PI * at) / codes.length - Math.PI / 2;
    return [code, { x: 320 + 175 * Math.cos(angle), y: 215 + 165 * Math.sin(angle), angle }];
  }));
  const lines = [...pairs].filter(([key]) => key.split("|").every((code) => where.has(code))).map(([key, found]) => {
    const [a, b] = key.split("|").map((code) => where.get(code));
    const kinds = found.map((one) => stageKind(one.stage));
    const kind = kinds.includes("binding") ? "binding" : kinds.includes("coming") ? "coming" : "ended";
    const pull = 0.45;  // towards the centre, so that neighbours' lines can be told apart
    const mx = (a.x + b.x) / 2 * pull + 320 * (1 - pull), my = (a.y + b.y) / 2 * pull + 215 * (1 - pull);
    const words = key.split("|").map(place).join(" and ");
    return s("a", { href: `#/agreements?pair=${encodeURIComponent(key)}`, "aria-label": `${words}: ${count(found.length, "agreement")}` },
      s("path", { d: `M${a.x},${a.y} Q${mx},${my} ${b.x},${b.y}`, class: `edge ${kind}`, "stroke-width": Math.min(6, 1.5 + found.length) }),
      s("title", {}, `${words}: ${found.map((f) => `${title(f)} (${plain(f.stage)})`).join("; ")}`));
  });
  const nodes = codes.map((code) => {
    const { x, y, angle } = where.get(code);
    const cos = Math.cos(angle);
    const anchor = Math.abs(cos) < 0.25 ? "middle" : cos > 0 ? "start" : "end";
    return s("g", {}, s("circle", { cx: x, cy: y, r: 5, class: "state" }),
      s("text", { x: x + (anchor === "start" ? 10 : anchor === "end" ? -10 : 0), y: y + (anchor === "middle" ? 18 * Math.sin(angle) : 4) + (anchor === "middle" ? 4 : 0), "text-anchor": anchor }, place(code)));
  });
  return h("figure", {},
    s("svg", { viewBox: "0 0 640 430", role: "group", "aria-label": "Who agrees with whom" }, lines, nodes),
    h("figcaption", { class: "key" }, [["binding", "initialled or further"], ["coming", "on the way"], ["ended", "ended or refused"]].map(([kind, words]) =>
      h("span", {}, s("svg", { viewBox: "0 0 26 8", class: "swatch", "aria-hidden": "true" }, s("path", { d: "M1,4 H25", class: `edge ${kind}`, "stroke-width": 3 })), words))));
}

const steps = (transitions) => h("ol", { class: "life" }, transitions.map((t) =>
  h("li", {}, stage(t.stage), " ", when(t.event_time), ` ${plain(t.kind)} · `, h("bdi", {}, source(t.source)), quote(t.evidence))));

export async function agreements(main, { filters, signal, go }) {
  const { pair, text = "", ...wanted } = filters;
  const change = () => go("agreements", Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter the agreements", onsubmit: (e) => { e.preventDefault(); change(); } },
    field("words", "text", text, { type: "search", oninput: () => show() }),
    choice("stage", "stage", STAGES.map((name) => [name, plain(name)]), wanted.stage, change),
    choice("country", "country", COUNTRIES, wanted.country, change));
  const body = h("div", {}, empty("Reading …"));
  main.append(pair ? h("p", { class: "back" }, h("a", { href: "#/agreements" }, "← all agreements")) : "", h("h1", {}, pair ? pair.split("|").map(place).join(" and ") : "Agreements"), form, body);
  const both = pair ? pair.split("|") : [];
  const page = await get(`/v1/agreements${query({ ...wanted, country: pair ? both[0] : wanted.country, limit: 1000 })}`, signal);
  const all = page.agreements.filter((a) => both.every((code) => a.parties.some((p) => p.code.split(":")[0] === code)));
  const times = h("section");
  function show() {
    const words = form.elements.text.value.toLowerCase();
    const chosen = all.filter((a) => `${title(a)} ${a.subject ?? ""} ${a.stage} ${a.parties.map((p) => `${p.name} ${place(p.code)}`).join(" ")}`.toLowerCase().includes(words));
    body.replaceChildren(...(chosen.length === 0
      ? [empty(all.length ? "No agreement has these words." : "No agreement here yet. One appears as soon as a transcript tells of it.")]
      : [pair ? times : picture(chosen, go), pair ? h("h2", {}, "As they stand") : "", table("Agreements", ["stage", "agreement", "parties", "since", "#reports", "#origins"], chosen.map((a) => [
        [stage(a.stage), a.denied && h("span", { class: "status" }, " denied")],
        h("a", { href: `#/agreements/${encodeURIComponent(a.id)}` }, title(a)),
        h("span", { dir: "auto" }, named(a).length ? named(a).map((p) => place(p.code)).join(", ") : a.parties.map((p) => p.name).join(", ")),
        when(a.since), String(a.reports.length + a.dropped_reports), String(a.origins)]))]));
  }
  show();
  if (!pair) return;
  const lives = await Promise.all(all.map((a) => get(`/v1/agreements/${encodeURIComponent(a.id)}`, signal)));
  const moves = lives.flatMap(({ agreement, transitions }) => transitions.map((t) => ({ t, agreement })))
    .filter(({ t }) => t.kind !== "corroboration").sort((a, b) => a.t.event_time.localeCompare(b.t.event_time));
  times.append(h("h2", {}, "Stage by stage"), h("ol", { class: "life" }, moves.map(({ t, agreement }) =>
    h("li", {}, when(t.event_time), " ", stage(t.stage), " ", h("a", { href: `#/agreements/${encodeURIComponent(agreement.id)}` }, title(agreement)), quote(t.evidence)))));
}

export async function agreement(main, { id, signal }) {
  const { agreement: a, transitions } = await get(`/v1/agreements/${encodeURIComponent(id)}`, signal);
  const key = [...new Set(named(a).map((p) => p.code.split(":")[0]))].sort();
  main.append(h("p", { class: "back" }, h("a", { href: "#/agreements" }, "← all agreements")),
    h("h1", {}, title(a)),
    h("p", { class: "facts" }, stage(a.stage), a.denied && h("span", { class: "status" }, "denied"), h("span", {}, "since ", when(a.since)),
      h("span", {}, a.parties.map((p, at) => [at > 0 && " · ", h("bdi", {}, p.name), place(p.code) !== p.name && ` (${place(p.code)})`])),
      key.length === 2 && h("a", { href: `#/agreements?pair=${encodeURIComponent(key.join("|"))}` }, "all between the two")),
    a.subject && h("p", { dir: "auto" }, a.subject),
    h("h2", {}, "Its steps"), transitions.length ? steps(transitions) : empty("It is known from background reports only."),
    h("h2", {}, count(a.reports.length, "report")),
    h("ol", { class: "life" }, [...a.reports].reverse().map((r) =>
      h("li", {}, stage(r.stage), " ", when(r.event_time), " ", h("bdi", {}, source(r.source)), !r.is_news && " · no news",
        quote(r.evidence), h("a", { href: `#/transcripts/${encodeURIComponent(r.transcript_id)}` }, r.title ?? "the transcript")))));
}
