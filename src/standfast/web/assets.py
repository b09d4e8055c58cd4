"""The page's own style and script, and the policy that lets a browser run these and nothing else."""

import base64
import hashlib
from typing import Final

STYLE: Final = """
:root { color-scheme: light dark;
  --back: #f6f7f9; --card: #fff; --ink: #1a2027; --soft: #55606d; --line: #d9dee5;
  --good: #11672f; --warning: #815500; --bad: #a81b1b; --plain: #1a2027; }
@media (prefers-color-scheme: dark) { :root {
  --back: #12161b; --card: #1b2128; --ink: #e8ecf1; --soft: #a3afbd; --line: #333c47;
  --good: #6cd391; --warning: #f0c05a; --bad: #ff9088; --plain: #e8ecf1; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 1rem; }
header { padding-bottom: 0; } footer { color: var(--soft); font-size: .875rem; }
h1 { font-size: 1rem; margin: 0; letter-spacing: .04em; color: var(--soft); }
h2 { font-size: 1.125rem; margin: 1.75rem 0 .5rem; }
.level { background: var(--card); border: 1px solid var(--line); border-left: .5rem solid var(--tone);
  border-radius: .5rem; padding: 1rem 1.25rem; }
.level strong { color: var(--tone); font-size: 1.625rem; line-height: 1.2; display: block; }
.level ul { margin: .75rem 0 0; padding-left: 1.25rem; } .level li { overflow-wrap: anywhere; }
.good { --tone: var(--good); } .warning { --tone: var(--warning); } .bad { --tone: var(--bad); }
.plain { --tone: var(--plain); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: .5rem; margin: 1rem 0 0; }
dl div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; }
dt { color: var(--soft); font-size: .8125rem; } dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); }
th, td { text-align: left; padding: .4rem .75rem; border-top: 1px solid var(--line); vertical-align: top;
  overflow-wrap: break-word; }
thead th { color: var(--soft); font-size: .8125rem; font-weight: 600; border-top: 0; }
tbody th { font-weight: 600; min-width: 11rem; }
time { white-space: nowrap; }
td span, dd span { color: var(--tone); } td span:not(.plain) { font-weight: 600; }
.empty { color: var(--soft); margin: 0; }
#lost { color: var(--bad); font-weight: 600; } #lost:empty { display: none; }
a { color: inherit; } a:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
@media (max-width: 60rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, th, td { display: block; }
  tr { padding: .5rem 0; border-top: 1px solid var(--line); } tbody tr:first-child { border-top: 0; }
  tbody th, td { border: 0; padding: .1rem .75rem; overflow-wrap: anywhere; }
  td::before { content: attr(data-label) ": "; color: var(--soft); font-weight: 400; }
}
"""

SCRIPT: Final = """
"use strict";
const lost = document.getElementById("lost");
function localTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    time.title = time.textContent;
    time.textContent = today ? at.toLocaleTimeString() : at.toLocaleString();
  }
}
async function refresh() {
  try {
    const answer = await fetch("/", { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    localTimes(fresh);
    for (const part of document.querySelectorAll("[data-part]")) {
      const now = fresh.getElementById(part.id);
      if (now && now.innerHTML !== part.innerHTML) {
        part.className = now.className;
        part.innerHTML = now.innerHTML;
      }
    }
    document.title = fresh.title;
    lost.textContent = "";
  } catch (error) {
    if (!lost.textContent)
      lost.textContent = "No answer from the status service since " + new Date().toLocaleTimeString();
  }
}
localTimes(document);
setInterval(() => { if (!document.hidden) refresh(); }, 5000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
"""

# A shield, so that a browser asks for no /favicon.ico.
ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%234a7dbd' d='M8 1l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V3z'/%3E%3C/svg%3E"
)


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_hash(STYLE)}",
        f"script-src {_hash(SCRIPT)}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
