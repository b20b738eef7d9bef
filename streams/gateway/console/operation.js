import { call, get, query } from "./api.js";
import { choice, empty, field, h, table } from "./dom.js";
import { COUNTRIES, count, level, LEVELS, plain, when } from "./words.js";

const number = (n) => n.toLocaleString("en");
const rated = (rate) => (rate === 0 ? "0" : rate.toFixed(1));
const command = (words) => h("code", {}, words);
const wrong = (error) => h("p", { class: "wrong", role: "alert" }, error.message);

function every(ms, signal, work) {
  const timer = setInterval(() => { if (!document.hidden) work().catch(() => {}); }, ms);
  signal.addEventListener("abort", () => clearInterval(timer));
}

export async function topics(main, { signal }) {
  const list = h("div", {}, empty("Reading …")), letters = h("div", {}, empty("Reading …")), said = h("div", { "aria-live": "polite" });
  // what waits for someone comes before what does not
  main.append(h("h1", {}, "Topics"), h("h2", {}, "Dead letters"), said, letters, h("h2", {}, "Records"), list);
  let earlier = null;
  async function show() {
    const found = await get("/v1/topics", signal);
    const now = performance.now();
    const rate = (t) => { const was = earlier?.records.get(t.topic); return was === undefined ? "–" : rated((t.records - was) / ((now - earlier.now) / 1000)); };
    const rows = found.filter((t) => !t.topic.endsWith(".dlq.v1") || t.records > 0).map((t) => {
      const lag = Object.entries(t.lag).filter(([, n]) => n > 0);
      return [h("code", {}, t.topic), number(t.records), rate(t), lag.length ? lag.map(([g, n]) => `${g}: ${number(n)}`).join(", ") : Object.keys(t.lag).length ? "none" : "–"];
    });
    earlier = { now, records: new Map(found.map((t) => [t.topic, t.records])) };
    list.replaceChildren(table("Topics", ["topic", "#records", "#a second", "not finished"], rows));
  }
  async function showLetters() {
    const found = await get("/v1/dead-letters", signal);
    if (!found.length) { letters.replaceChildren(empty("No dead letter waits.")); return; }
    const send = (what, letter) => async (event) => {
      event.target.disabled = true;
      try {
        const { done, refused } = await call("POST", `/v1/dead-letters/${what}`, { topic: letter.topic, ids: [letter.id] }, signal);
        said.replaceChildren(h("p", { class: refused.length ? "wrong" : "note" }, refused[0] ?? `${letter.topic} ${done[0] ?? letter.id} ${what === "replay" ? "was sent again" : "was let go"}.`));
        await showLetters();
      } catch (error) { said.replaceChildren(wrong(error)); event.target.disabled = false; }
    };
    letters.replaceChildren(table("Dead letters", ["topic", "id", "reason", "why", "parked", "do"], found.map((l) => [
      h("code", {}, l.topic), l.id, plain(l.letter?.reason ?? "unknown"), h("span", { dir: "auto" }, l.letter?.message ?? "its headers do not tell"), l.letter ? when(l.letter.failed_time) : "",
      h("span", { class: "do" }, h("button", { type: "button", "aria-label": `Send ${l.topic} ${l.id} again`, onclick: send("replay", l) }, "send again"),
        h("button", { type: "button", "aria-label": `Let ${l.topic} ${l.id} go`, onclick: send("discard", l) }, "let go"))])));
  }
  every(5000, signal, show);
  every(30000, signal, showLetters);
  await Promise.all([show(), showLetters()]);
}

const AS_IT_IS = "=";
const CHOSEN = { topic: "topics", level: "level", country: "countries" };

export async function subscriptions(main, { signal }) {
  let editing = null;
  const list = h("div", {}, empty("Reading …")), said = h("div", { "aria-live": "polite" });
  const title = h("h2"), save = h("button", { type: "submit" });
  const leave = h("button", { type: "button", onclick: () => { const { id } = editing; begin(null); find(id)?.focus(); } }, "Leave it as it is");
  const form = h("form", { class: "filters", onsubmit: async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form)), edited = editing;
    const some = (value) => (value ? [value] : []);
    const filter = Object.fromEntries(Object.entries(CHOSEN).filter(([name]) => given[name] !== AS_IT_IS)
      .map(([name, wanted]) => [wanted, wanted === "level" ? given[name] || null : some(given[name])]));
    const wish = { name: given.name, channel: given.channel, filter };
    try {
      const made = edited ? await call("PATCH", `/v1/subscriptions/${encodeURIComponent(edited.id)}`, wish, signal) : await call("POST", "/v1/subscriptions", wish, signal);
      said.replaceChildren(h("p", { class: "note" }, edited ? `${made.name} is changed: that acts from the next alert on.` : `${made.name} was added: it gets the alerts that come from now on.`,
        made.secret && [" Its signing secret, shown this once: ", h("code", {}, made.secret)]));
      begin(null);
      await show();
      if (edited) find(edited.id)?.focus();
    } catch (error) { said.replaceChildren(wrong(error)); }
  } },
    field("name", "name", "", { required: true, maxlength: 200 }),
    field("channel, or none: a feed", "channel", "", { placeholder: "https://… or mailto://…" }),
    choice("topic", "topic", ["security-mou", "diplomacy", "military", "coercion", "unrest"].map((t) => [t, t]), "", () => {}),
    choice("level", "level", LEVELS.map((l) => [l, `${l} or higher`]), "", () => {}),
    choice("country", "country", COUNTRIES, "", () => {}),
    save, leave);
  const find = (id) => list.querySelector(`[data-edit="${CSS.escape(id)}"]`);
  // The form is for one that is added, or shows how the one that is edited stands: what is left as it is shown stays.
  function begin(one) {
    editing = one;
    form.reset();
    title.textContent = one ? `Change ${one.name}` : "Add one";
    form.setAttribute("aria-label", one ? `Change ${one.name}` : "Add a subscription");
    save.textContent = one ? "Save" : "Add";
    leave.hidden = !one;
    for (const [name, wanted] of Object.entries(CHOSEN)) {
      const select = form.elements[name], values = [one?.filter[wanted] ?? []].flat();
      select.querySelector(`[value="${AS_IT_IS}"]`)?.remove();
      const offered = values.length === 1 && [...select.options].some((o) => o.value === values[0]);
      if (values.length && !offered) select.prepend(h("option", { value: AS_IT_IS }, `${values.join(", ")}, as it is`));
      select.value = offered ? values[0] : values.length ? AS_IT_IS : "";
    }
    if (!one) return;
    form.elements.name.value = one.name;
    form.elements.channel.value = one.channel;
    form.elements.name.focus();
  }
  begin(null);
  main.append(h("h1", {}, "Subscriptions"), list, said, title, form,
    h("p", { class: "note" }, "Digests, quiet hours, rates and new secrets are at hand in ", command("dragoman subscriptions"), "."));
  const act = (method, path, words) => async () => {
    try { await call(method, path, undefined, signal); said.replaceChildren(words ? h("p", { class: "note" }, words) : ""); await show(); } catch (error) { said.replaceChildren(wrong(error)); }
  };
  async function show() {
    const found = await get("/v1/subscriptions", signal);
    list.replaceChildren(found.length ? table("Subscriptions", ["name", "channel", "wants", "state", "do"], found.map((one) => {
      const at = `/v1/subscriptions/${encodeURIComponent(one.id)}`;
      const wants = Object.values(one.filter).flat().filter(Boolean).join(", ") || "all alerts";
      const remove = h("button", { type: "button", "aria-label": `Remove ${one.name}`, onclick: () => {
        if (remove.textContent === "remove") { remove.textContent = "really remove?"; return; }
        act("DELETE", at)();
      } }, "remove");
      return [one.name, one.channel || "stream and feed", wants, one.paused ? `paused${one.paused_reason ? `: ${one.paused_reason}` : ""}` : "at work",
        h("span", { class: "do" }, h("a", { href: `/v1/feeds/subscriptions/${encodeURIComponent(one.id)}.atom`, "aria-label": `Feed of ${one.name}` }, "feed"),
          h("button", { type: "button", "data-edit": one.id, "aria-label": `Edit ${one.name}`, onclick: () => begin(one) }, "edit"),
          one.channel && h("button", { type: "button", "aria-label": `Send a sample to ${one.name}`, onclick: act("POST", `${at}/test`, `A sample is on its way to ${one.name}.`) }, "test"),
          h("button", { type: "button", "aria-label": `${one.paused ? "Resume" : "Pause"} ${one.name}`, onclick: act("POST", `${at}/${one.paused ? "resume" : "pause"}`) }, one.paused ? "resume" : "pause"), remove)];
    })) : empty("Nobody has subscribed yet."));
  }
  await show();
}

export async function replays(main, { signal }) {
  const body = h("div", {}, empty("Reading …"));
  main.append(h("h1", {}, "Replays"), body);
  const show = async () => {
    const found = await get("/v1/replays", signal);
    body.replaceChildren(found.length ? table("Replays", ["id", "state", "from", "to", "rules", "#done", "difference"], found.map((r) => [
      h("code", {}, r.id), r.state, when(r.from), when(r.to), r.rules.replace(/\S*\//g, ""), `${number(r.position)} of ${number(r.transcripts_in_all)}`,
      h("a", { href: `#/replays/${encodeURIComponent(r.id)}`, "aria-label": `Difference of ${r.id}` }, "show")]))
      : h("p", { class: "empty" }, "No replay was started here yet: ", command("dragoman replay start"), " reads history again, through other rules or another reader."));
  };
  every(10000, signal, show);
  await show();
}

export async function replay(main, { id, signal }) {
  const body = h("div", {}, empty("Comparing; this may take a while …"));
  main.append(h("p", { class: "back" }, h("a", { href: "#/replays" }, "← all replays")), h("h1", {}, `Replay ${id}`), body);
  const found = await get(`/v1/replays/${encodeURIComponent(id)}/difference`, signal);
  const rows = found.differences.map((d) => ({ ...d, alert: d.after ?? d.before }));
  body.replaceChildren(
    h("p", {}, `${count(found.alerts_before, "alert")} on the one side (${found.before}), ${found.alerts_after} on the other (${found.after}); ${found.same} are the same.`),
    rows.length ? table("Differences", ["difference", "level", "alert", "why", "raised"], rows.map((d) => [d.kind, level(d.alert.level), d.alert.summary,
      d.why?.sentence ?? d.fields.map((f) => `${plain(f.field)}: ${f.before} → ${f.after}`).join("; "), when(d.alert.raised_time)]))
      : empty("Both raised the same alerts."));
}
