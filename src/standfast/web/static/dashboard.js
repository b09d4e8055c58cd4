// Brings the page up to date in place. Without it the page is the same, and loads itself again.
"use strict";

const ASK_EVERY_MS = 15000; // while the service cannot tell of changes by itself
const SAME_AGAIN_MS = 30000; // what depends on the time alone, such as "12 min ago"; and a service that hangs is found out
const PATIENCE_MS = 10000;
const LEAVE_AFTER_MS = 30000; // a tab that nobody looks at lets the service go to sleep
const link = document.getElementById("link");
const said = document.getElementById("said");
const ownScript = document.currentScript.getAttribute("src");
let source = null;
let leaving = 0;
let asking = false;
let askAgain = false;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const short = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dated = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

function inLocalTime(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    time.title = time.textContent;
    time.textContent = (time.className === "short" ? short : today ? clock : dated).format(at);
  }
}

function show(state, words) {
  if (link.className !== state) link.className = state;
  if (link.textContent !== words) link.textContent = words;
}

// Makes one element like another, and keeps what has not changed: the focus, the selection, what is folded out.
function morph(from, to) {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  const keyed = new Map([...from.children].filter((one) => one.dataset.key).map((one) => [one.dataset.key, one]));
  let next = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    let found = wanted.dataset?.key ? keyed.get(wanted.dataset.key) : next;
    if (!alike(found, wanted)) found = null;
    if (!found) {
      from.insertBefore(wanted, next);
      continue;
    }
    if (found === next) next = next.nextSibling;
    else from.insertBefore(found, next);
    if (found.nodeType === Node.ELEMENT_NODE) morph(found, wanted);
    else if (found.data !== wanted.data) found.data = wanted.data;
  }
  while (next) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}

function alike(one, other) {
  return one && one.nodeName === other.nodeName && one.id === other.id && one.dataset?.key === other.dataset?.key;
}

async function refresh() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  try {
    const answer = await fetch(location.pathname, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE_MS) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.scripts[0] && fresh.scripts[0].getAttribute("src") !== ownScript) {
      location.reload(); // the service is of another version now
      return;
    }
    inLocalTime(fresh);
    take(fresh);
    if (source?.readyState === EventSource.OPEN) show("live", "Live");
    else show("asking", "Asking every 15 s");
  } catch {
    if (link.className !== "lost") {
      show("lost", `No answer since ${clock.format(new Date())}`);
      said.textContent = link.textContent;
    }
  } finally {
    asking = false;
    if (askAgain) {
      askAgain = false;
      refresh();
    }
  }
}

function take(fresh) {
  const before = heading();
  const focused = document.activeElement;
  const part = focused.closest("[data-part]")?.id;
  morph(document.getElementById("main"), fresh.getElementById("main"));
  if (document.activeElement !== focused) again(focused, part)?.focus({ preventScroll: true });
  document.querySelector("footer").replaceChildren(...fresh.querySelector("footer").childNodes);
  document.title = fresh.title;
  if (heading() !== before) said.textContent = heading();
}

// What had the focus: it was moved, or it is another link to the same place, for a unit that fails now is in another list.
function again(focused, part) {
  if (focused.isConnected) return focused;
  const links = document.querySelectorAll(`#${part || "main"} a`);
  return [...links].find((one) => one.pathname === focused.pathname);
}

function heading() {
  return [...document.querySelectorAll("#level, .headline")].map((one) => one.textContent).join(": ");
}

function listen() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource("/api/events");
  source.addEventListener("status", refresh);
  source.addEventListener("open", () => show("live", "Live"));
  source.addEventListener("error", () => refresh());
}

function leave() {
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(leave, LEAVE_AFTER_MS);
  else {
    listen();
    refresh();
  }
});
// A page that is left may be kept for the way back, with its connection; with six of these a browser opens no more.
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => {
  listen();
  if (event.persisted) refresh();
});
inLocalTime(document);
setInterval(() => {
  if (document.hidden) return;
  listen();
  if (source.readyState !== EventSource.OPEN) refresh();
}, ASK_EVERY_MS);
setInterval(() => {
  if (!document.hidden) refresh();
}, SAME_AGAIN_MS);
