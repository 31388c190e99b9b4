// The live call: its clock ticks here; what is known of it comes from the server.
import { say } from "./notices.js";
import { word } from "./words.js";

const TICK_MS = 1000;

function two(number) {
  return String(number).padStart(2, "0");
}

function tick() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const total = Math.max(0, Math.floor((Date.now() - Date.parse(element.dataset.since)) / 1000));
    const hours = Math.floor(total / 3600);
    const head = hours ? `${hours}:` : "";
    element.textContent = `${head}${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
  }
}

const empty = (form) => !form.elements.text?.value.trim();

// A caller pops: the form takes the new call when nothing is typed in it, else it stays and says so.
function onCall() {
  const bar = document.querySelector("[data-call]");
  const form = document.querySelector("form[data-desk]");
  if (!bar || !form) return;
  const call = bar.dataset.call;
  if (!call || form.elements.contact.value === call || bar.dataset.ended) return;
  if (empty(form)) {
    form.elements.contact.value = call;
    form.dataset.draft = call;
    window.htmx.trigger("#bar", "refresh");
    form.elements.text.focus();
  } else if (form.dataset.told !== call) {
    form.dataset.told = call;
    form.dispatchEvent(new CustomEvent("draft:save"));
    const line = say(word("新来电，当前内容已存为草稿"), "warn");
    const link = document.createElement("a");
    link.href = `/desk?contact=${encodeURIComponent(call)}`;
    link.dataset.key = "Alt+N";
    link.textContent = "Alt N";
    line?.append(link);
  }
}

function onLine(connected) {
  const light = document.querySelector("[data-line]");
  if (!light) return;
  light.hidden = connected;
  light.textContent = connected ? "" : word("已断开，正在重新连接");
}

export function startCall() {
  setInterval(tick, TICK_MS);
  tick();
  document.body.addEventListener("htmx:afterSettle", () => {
    tick();
    onCall();
  });
  document.body.addEventListener("htmx:sseError", () => onLine(false));
  document.body.addEventListener("htmx:sseOpen", () => onLine(true));
}
