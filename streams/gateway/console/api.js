// The public API, as anyone may use it: JSON over fetch, server-sent events, a token where one is needed.
const TOKEN = "dragoman-token";
let askToken = () => {};
let tellState = () => {};

export function connect({ onTokenNeeded, onState }) {
  askToken = onTokenNeeded;
  tellState = onState;
}

export const token = () => sessionStorage.getItem(TOKEN);
export const keepToken = (text) => sessionStorage.setItem(TOKEN, text);

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `the gateway answered ${status}`);
    this.status = status;
    this.errors = problem.errors ?? [];
  }
}

export function query(values) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") params.append(name, one);
    }
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function call(method, path, body, signal) {
  const headers = { Accept: "application/json" };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    if (answer.status === 401) askToken(token() ? problem.detail : "");
    throw new Refused(answer.status, problem);
  }
  tellState("");
  return answer.status === 204 ? null : answer.json();
}

// Reads what changes nothing; while nobody answers it says so and tries again.
export async function get(path, signal) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call("GET", path, undefined, signal);
    } catch (error) {
      if (signal?.aborted || (error instanceof Refused && ![502, 503, 504, 429].includes(error.status))) throw error;
      tellState("The gateway does not answer; trying again.");
      await pause(Math.min(10000, 500 * 2 ** tries));
      if (signal?.aborted) throw error;
    }
  }
}

// Follows a stream behind a cursor, with no gap over a loss of the connection; ends with the signal.
export function follow(path, filters, cursor, event, onEvent, onReset, signal) {
  let last = cursor;
  let source;
  const open = () => {
    source = new EventSource(path + query({ ...filters, cursor: last, access_token: token() }));
    source.addEventListener(event, (message) => { last = message.lastEventId; onEvent(JSON.parse(message.data)); });
    source.addEventListener("reset", (message) => { last = message.lastEventId; onReset(); });
    source.onopen = () => tellState("");
    source.onerror = () => {
      if (signal.aborted) return;
      tellState("The gateway does not answer; trying again.");
      // the browser tries again by itself unless it was refused; why it was, a plain request is told: perhaps a token is needed
      if (source.readyState === EventSource.CLOSED) setTimeout(async () => {
        await call("GET", `${path}?limit=1`, undefined, signal).catch(() => {});
        if (!signal.aborted) open();
      }, 3000);
    };
  };
  open();
  signal.addEventListener("abort", () => source.close());
}
