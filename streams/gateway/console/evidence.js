// A transcript with the words that prove something marked in it.
import { h } from "./dom.js";

// Offsets count code points of the original; JavaScript's strings count UTF-16 units, so the text is cut as code points.
export function markText(text, evidences) {
  const points = Array.from(text);
  const marks = evidences.filter((e) => e.start < e.end && e.end <= points.length).sort((a, b) => a.start - b.start || b.end - a.end);
  const pieces = [];
  let at = 0;
  for (const mark of marks) {
    const start = Math.max(at, mark.start);
    if (mark.end <= start) continue;
    if (start > at) pieces.push(points.slice(at, start).join(""));
    pieces.push(h("mark", { title: mark.speaker ? `said by ${mark.speaker}` : null }, points.slice(start, mark.end).join("")));
    at = mark.end;
  }
  pieces.push(points.slice(at).join(""));
  return h("div", { class: "transcript", dir: "auto" }, pieces);
}

export const quote = (evidence) =>
  h("blockquote", { dir: "auto" }, h("bdi", {}, `“${evidence.text}”`), evidence.speaker && [" — ", h("bdi", {}, evidence.speaker)]);
