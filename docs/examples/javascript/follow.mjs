// Reads the agreements into a table, then follows the alerts on security memoranda, over HTTP and server-sent events.
// Plain Node 18 or later, no packages.
//
//     node follow.mjs
//
// GATEWAY    address of the gateway (http://127.0.0.1:8080)
// TOKEN      a token with the scope read, where the gateway wants one
// CURSOR     file that remembers how far this program came (cursor.txt)
// ALERTS     end after so many alerts; without it the program follows for ever

import { readFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const GATEWAY = process.env.GATEWAY ?? "http://127.0.0.1:8080";
const CURSOR = process.env.CURSOR ?? "cursor.txt";
const ALERTS = Number(process.env.ALERTS ?? Infinity);
const AUTHORIZATION = process.env.TOKEN ? { Authorization: `Bearer ${process.env.TOKEN}` } : {};

async function readTable() {
  const table = new Map();
  let page = null;
  do {
    const query = new URLSearchParams({ limit: "1000", ...(page ? { page } : {}) });
    const answer = await fetch(`${GATEWAY}/v1/agreements?${query}`, {
      headers: { Accept: "application/json", ...AUTHORIZATION },
    });
    if (!answer.ok) throw new Error(`the gateway answers ${answer.status}: ${await answer.text()}`);
    const found = await answer.json();
    if (!found.complete) {
      // it has just started and still reads the past: begin again
      table.clear();
      page = null;
      await sleep(500);
      continue;
    }
    for (const agreement of found.agreements) table.set(agreement.id, agreement);
    page = found.next;
    if (page === null) return table;
  } while (true);
}

async function readCursor() {
  // `begin` gives all that the topic still holds; after that, what came last
  return readFile(CURSOR, "utf8").catch(() => "begin");
}

async function keepCursor(cursor) {
  await writeFile(`${CURSOR}.new`, cursor);
  await rename(`${CURSOR}.new`, CURSOR);
}

// Events end with an empty line; a field is `name: value`.
async function* eventsOf(body) {
  let rest = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split("\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
      }
      yield event;
    }
  }
}

async function followOnce(tell) {
  const query = new URLSearchParams({ topic: "security-mou", cursor: await readCursor() });
  const answer = await fetch(`${GATEWAY}/v1/alerts?${query}`, {
    headers: { Accept: "text/event-stream", ...AUTHORIZATION },
  });
  if (!answer.ok) throw new Error(`the gateway answers ${answer.status}: ${await answer.text()}`);
  console.log("following");
  for await (const event of eventsOf(answer.body)) {
    if (event.event === "alert") {
      if (tell(JSON.parse(event.data))) return true;
    } else if (event.event === "reset") {
      console.error("some alerts are no longer held; going on from the oldest there is");
    }
    // only now: a crash above gives the alert again, it never loses one
    if (event.id) await keepCursor(event.id);
  }
  return false;
}

const seen = new Map(); // keep it where you keep the alerts, if a repeat would harm
let told = 0;

function tell({ kind, sequence, alert }) {
  if (sequence > (seen.get(alert.id) ?? 0)) {
    seen.set(alert.id, sequence);
    console.log(["alert", alert.id, sequence, kind, alert.summary].join("\t"));
    told += 1;
  }
  return told >= ALERTS;
}

for (const [id, { key, stage }] of [...(await readTable())].sort()) {
  console.log(["agreement", id, key, stage].join("\t"));
}
for (;;) {
  try {
    if (await followOnce(tell)) process.exit(0);
  } catch (error) {
    console.error(`${error.message}; trying again`);
  }
  await sleep(2000); // the gateway was restarted, or a proxy cut the stream: go on from the cursor
}
