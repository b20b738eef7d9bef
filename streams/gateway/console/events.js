import { get, query } from "./api.js";
import { choice, empty, h, s, table } from "./dom.js";
import { markText } from "./evidence.js";
import { COUNTRIES, count, language, place, plain, source, when } from "./words.js";

const TYPES = ["AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT", "REQUEST", "ACCUSE", "REJECT", "THREATEN",
  "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT", "STATEMENT"];
const DAY = 86400e3;
const who = (event, role) => event.arguments.filter((a) => a.role === role).map((a) => (a.code ? place(a.code) : a.name));

function bars(events) {
  const days = new Map();
  for (const e of events) days.set(e.context.event_time.slice(0, 10), (days.get(e.context.event_time.slice(0, 10)) ?? 0) + 1);
  const sorted = [...days.keys()].sort();
  const first = Date.parse(sorted[0]), last = Date.parse(sorted.at(-1));
  const length = Math.round((last - first) / DAY) + 1;
  const most = Math.max(...days.values());
  const step = 640 / Math.max(length, 14);
  return h("figure", {}, s("svg", { viewBox: "0 0 640 110", class: "bars", role: "img", "aria-label": `Events a day from ${sorted[0]} to ${sorted.at(-1)}, ${most} at most` },
    [...days].map(([day, number]) => {
      const tall = (80 * number) / most;
      return s("rect", { x: ((Date.parse(day) - first) / DAY) * step, y: 85 - tall, width: Math.max(1.5, Math.min(step * 0.8, 24)), height: tall, class: "bar" }, s("title", {}, `${day}: ${count(number, "event")}`));
    }),
    s("path", { d: "M0,85.5 H640", class: "axis" }),
    s("text", { x: 0, y: 103 }, sorted[0]), length > 3 && s("text", { x: 640, y: 103, "text-anchor": "end" }, sorted.at(-1)),
    s("text", { x: 640, y: 12, "text-anchor": "end" }, `most on a day: ${most}`)));
}

const tally = (caption, names) => {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return table(caption, [caption.replace("Events by ", ""), "#events"], [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, 12).map(([n, c]) => [n, String(c)]));
};

export async function events(main, { filters, signal, go }) {
  const change = () => go("events", Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
  const form = h("form", { class: "filters", role: "search", "aria-label": "Filter the events" },
    choice("type", "type", TYPES.map((t) => [t, t.toLowerCase()]), filters.type, change),
    choice("country", "country", COUNTRIES, filters.country, change),
    choice("took place", "realis", [["asserted", "yes"], ["future", "is to"], ["intended", "is wanted"], ["hypothetical", "perhaps"]], filters.realis, change));
  const body = h("div", {}, empty("Reading …"));
  main.append(h("h1", {}, "Events"), form, body);
  const { events: found, next } = await get(`/v1/events${query({ ...filters, limit: 1000 })}`, signal);
  if (!found.length) { body.replaceChildren(empty("No event here yet.")); return; }
  const places = found.flatMap((e) => e.arguments.filter((a) => a.role === "place").map((a) => a.name));
  body.replaceChildren(...[bars(found), next && h("p", { class: "note" }, "The latest thousand are shown."),
    h("div", { class: "pair" }, tally("Events by type", found.map((e) => e.type.toLowerCase())), places.length ? tally("Events by place", places) : empty("No event names a place.")),
    table("Events", ["type", "who", "to or with whom", "words", "said"], found.slice(0, 200).map((e) => [
      [e.type.toLowerCase(), e.realis !== "asserted" && h("span", { class: "status" }, ` ${plain(e.realis)}`)],
      who(e, "actor").join(", "), who(e, "recipient").join(", "),
      h("a", { href: `#/transcripts/${encodeURIComponent(e.context.transcript_id)}?at=${e.evidence.start}-${e.evidence.end}`, dir: "auto" }, e.evidence.text),
      when(e.context.event_time)]))].filter(Boolean));
}

export async function transcript(main, { id, filters, signal }) {
  const { transcript: t, language: tag, events: found } = await get(`/v1/transcripts/${encodeURIComponent(id)}`, signal);
  const [start, end] = (filters.at ?? "").split("-").map(Number);
  const node = markText(t.text, filters.at ? [{ start, end }] : found.map((e) => e.evidence));
  node.lang = tag.language;
  main.append(h("h1", { dir: "auto" }, t.title ?? "Untitled"),
    h("p", { class: "facts" }, when(t.broadcast_time ?? t.published_time ?? t.ingest_time), h("span", {}, h("bdi", {}, source(t.source))),
      t.source.country && h("span", {}, place(t.source.country)), h("span", {}, language(tag.language)), h("span", {}, count(found.length, "event"))), node);
}
