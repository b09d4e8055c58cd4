// Brings the page up to date in place. Without it the page is the same, and loads itself again.
"use strict";

const ASK_EVERY_MS = 15000; // while the service cannot tell of changes by itself
const SAME_AGAIN_MS = 30000; // what depends on the time alone, such as "12 min ago"; and a service that hangs is found out
const PATIENCE_MS = 10000;
const STALE_AFTER_MS = 45000; // a phone that slept shows what was so long ago
const COPIED_FOR_MS = 2000;
const LEAVE_AFTER_MS = 30000; // a tab that nobody looks at lets the service go to sleep
const link = document.getElementById("link");
const said = document.getElementById("said");
const ownScript = document.currentScript.getAttribute("src");
let source = null;
let leaving = 0;
let asking = false;
let askAgain = false;
let heardAt = Date.now();
let lostFocus = null; // what had the focus, while the page is without it

const hourCycle = "h23"; // as the journal writes times, in whatever language
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle });
const short = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle });
const dated = new Intl.DateTimeFormat(undefined, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle,
});

function inLocalTime(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    time.title = time.textContent;
    time.textContent = (time.className === "short" ? short : today ? clock : dated).format(at);
  }
}

// A button beside each command; without scripts there is only the command.
function withButtons(root) {
  for (const command of root.querySelectorAll("code.command")) {
    const button = root.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${command.textContent}`);
    command.after(" ", button);
  }
}

async function copy(button) {
  const command = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(command.textContent);
    said.textContent = `Copied: ${command.textContent}`;
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, COPIED_FOR_MS);
  } catch {
    getSelection().selectAllChildren(command); // where a page may not write there, a hand can
  }
}

function show(state, words) {
  if (link.className !== state) link.className = state;
  if (link.textContent !== words) link.textContent = words;
  document.body.classList.toggle("lost", state === "lost");
}

function age() {
  const seconds = Math.round((Date.now() - heardAt) / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// What is shown is old: said where it cannot be overlooked, and by the page's losing its colours.
function lose() {
  const before = link.className;
  show("lost", `No answer. This is how it was ${age()} ago, at ${clock.format(new Date(heardAt))}`);
  if (before !== "lost") said.textContent = link.textContent;
}

function found() {
  const before = link.className;
  if (source?.readyState === EventSource.OPEN) show("live", "Live");
  else show("asking", "Asking every 15 s");
  if (before === "lost") said.textContent = `${link.textContent} again. ${heading()}`;
}

// Makes one element like another, and keeps what has not changed: the focus, the selection, what is folded out.
function morph(from, to) {
  if (from.isEqualNode(to)) return; // most of a thousand units
  if (from.className === "copy" && from.ariaLabel === to.ariaLabel) return; // it may say that it has just done so
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  const keyed = new Map([...from.children].filter((one) => one.dataset.key).map((one) => [one.dataset.key, one]));
  let next = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = wanted.dataset?.key;
    let found = key ? keyed.get(key) : next;
    keyed.delete(key); // of two with the same name the second is another
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
    const headers = { Accept: "text/html" }; // a page also where there is nothing any more
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(location.pathname, { cache: "no-cache", headers, signal });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.scripts[0] && fresh.scripts[0].getAttribute("src") !== ownScript) {
      location.reload(); // the service is of another version now
      return;
    }
    heardAt = Date.now();
    inLocalTime(fresh);
    withButtons(fresh);
    take(fresh);
    found();
  } catch {
    lose();
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
  const focus = document.activeElement === document.body ? lostFocus : focusOf(document.activeElement);
  const held = atTheTop();
  const top = held?.getBoundingClientRect().top;
  morph(document.getElementById("main"), fresh.getElementById("main"));
  if (focus && document.activeElement !== focus.element) again(focus)?.focus({ preventScroll: true });
  lostFocus = document.activeElement === document.body ? focus : null;
  if (held?.isConnected) scrollBy({ top: held.getBoundingClientRect().top - top, behavior: "instant" });
  document.querySelector("footer").replaceChildren(...fresh.querySelector("footer").childNodes);
  document.title = fresh.title;
  if (heading() !== before) said.textContent = heading();
}

// What is read stays where it is though something above it grows; nothing is held at the top of the page.
function atTheTop() {
  if (scrollY < 1) return null;
  const rows = document.querySelectorAll("#main [data-key], #main [data-part]");
  return [...rows].find((one) => one.getBoundingClientRect().top >= 0);
}

// What had the focus: it was moved, or it is another link to the same place, for a unit that fails now is in another list.
function again({ element, part }) {
  if (element.isConnected) return element;
  const links = document.querySelectorAll(`#${part || "main"} a`);
  return [...links].find((one) => one.pathname === element.pathname);
}

function focusOf(element) {
  return { element, part: element.closest("[data-part]")?.id };
}

function heading() {
  return ["level", "headline"].map((id) => document.getElementById(id)?.textContent).join(": ");
}

function listen() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource("/api/events");
  source.addEventListener("status", refresh);
  source.addEventListener("open", () => refresh());
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
    if (Date.now() - heardAt > STALE_AFTER_MS) lose();
    listen();
    refresh();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.matches("button.copy")) copy(event.target);
});
// A page that is left may be kept for the way back, with its connection; with six of these a browser opens no more.
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => {
  listen();
  if (event.persisted) refresh();
});
inLocalTime(document);
withButtons(document);
setInterval(() => {
  if (link.className === "lost" || Date.now() - heardAt > STALE_AFTER_MS) lose();
}, 1000);
setInterval(() => {
  if (document.hidden) return;
  listen();
  if (source.readyState !== EventSource.OPEN) refresh();
}, ASK_EVERY_MS);
setInterval(() => {
  if (!document.hidden) refresh();
}, SAME_AGAIN_MS);
