// Short sentences in the corner: what the last action did, and when the line to the server is down.

import { word } from "./words.js";

const SHOWN_MS = 8000;

export function say(sentence, tone = "") {
  const box = document.getElementById("notices");
  if (!box || !sentence) return null;
  const line = document.createElement("p");
  line.className = `notice ${tone}`;
  line.textContent = sentence;
  box.append(line);
  if (tone !== "bad") setTimeout(() => line.remove(), SHOWN_MS);
  return line;
}

function fromCookie() {
  const found = document.cookie.split("; ").find((one) => one.startsWith("notice="));
  if (!found) return;
  document.cookie = "notice=; Max-Age=0; path=/; SameSite=Strict";
  say(decodeURIComponent(found.slice("notice=".length).replace(/^"|"$/g, "")), "ok");
}

// After a refusal the first field at fault has the focus.
function toFault() {
  document.querySelector("[aria-invalid=true]")?.focus();
}

export function startNotices() {
  fromCookie();
  toFault();
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.xhr?.status === 422) toFault();
  });
  document.body.addEventListener("htmx:sendError", () =>
    say(word("连不上服务器，请稍候；已填写的内容仍然保留。"), "bad"),
  );
}
