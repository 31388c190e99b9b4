// Nothing typed is ever lost: each change goes to this computer at once, and to the database a
// moment later. On load the newer of the two is shown. The saved time is always on screen.
import { word } from "./words.js";

const WAIT_MS = 700;
const RETRY_MS = 4000;
const SKIPPED = new Set(["csrf", "form_token", "action", "contact"]);

const keyOf = (form) => `draft:${document.body.dataset.user}:${form.dataset.draft}`;
const clock = (time) => new Date(time).toLocaleTimeString("zh-CN", { hour12: false });

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (!SKIPPED.has(name) && typeof value === "string" && value !== "") fields[name] = value;
  }
  return fields;
}

function fill(form, fields) {
  for (const element of form.elements) {
    if (!element.name || SKIPPED.has(element.name)) continue;
    const value = fields[element.name];
    if (element.type === "radio" || element.type === "checkbox") {
      element.checked = value !== undefined && element.value === value;
    } else if (element.type !== "submit") {
      element.value = value ?? "";
    }
  }
  form.dispatchEvent(new CustomEvent("draft:filled", { bubbles: true }));
}

function keep(key, record) {
  try {
    localStorage.setItem(key, JSON.stringify(record));
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error;
  }
}

function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    localStorage.removeItem(key);
    return null;
  }
}

class Draft {
  constructor(form) {
    this.form = form;
    this.shown = form.querySelector("[data-saved]");
    this.timer = 0;
    this.changed = 0;
    this.restore();
    form.addEventListener("input", () => this.change());
    form.addEventListener("change", () => this.change());
    form.addEventListener("draft:save", () => this.save());
    form.querySelector("[data-save]")?.addEventListener("click", () => {
      this.changed ||= Date.now();
      this.save();
    });
  }

  get key() {
    return keyOf(this.form);
  }

  restore() {
    const local = kept(this.key);
    const server = Date.parse(this.form.dataset.savedAt || "") || 0;
    if (local && !local.saved && local.at > server && !this.form.querySelector("[aria-invalid]")) {
      fill(this.form, local.fields);
      this.changed = local.at;
      this.tell(`${word("已恢复本机保存的内容")} ${clock(local.at)}`, "info");
      this.later(0);
    }
  }

  change() {
    const fields = fieldsOf(this.form);
    const now = JSON.stringify([this.key, fields]);
    if (now === this.last) return; // a blur says "change" again for what is already kept
    this.last = now;
    this.changed = Date.now();
    keep(this.key, { at: this.changed, fields, saved: false });
    this.tell(word("未保存的改动…"));
    this.later(WAIT_MS);
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  async save() {
    clearTimeout(this.timer);
    const at = this.changed;
    const fields = fieldsOf(this.form);
    let answer;
    try {
      answer = await fetch("/desk/drafts", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          "X-CSRF-Token": document.body.dataset.csrf,
        },
        body: JSON.stringify({ place: this.form.dataset.draft, fields: JSON.stringify(fields) }),
      });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.failed(at);
      return;
    }
    if (answer.status === 401) this.signedOut();
    else if (!answer.ok) this.failed(at);
    else if (this.changed === at) {
      const { saved_at: savedAt } = await answer.json();
      keep(this.key, { at, fields, saved: true });
      this.tell(`${word("已保存")} ${clock(savedAt)}`);
    }
  }

  failed(at) {
    this.tell(`${word("服务器连不上，已存在本机")} ${clock(at || Date.now())}`, "warn");
    this.later(RETRY_MS);
  }

  signedOut() {
    this.tell(word("登录已结束，内容已存在本机，请"), "bad");
    const link = document.createElement("a");
    link.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = word("重新登录");
    this.shown?.append(link);
  }

  tell(sentence, tone = "") {
    if (!this.shown) return;
    this.shown.textContent = sentence;
    this.shown.className = `word ${tone}`;
  }
}

function watch(root) {
  const forms = root.matches?.("form[data-draft]") ? [root] : root.querySelectorAll("form[data-draft]");
  for (const form of forms) {
    if (form.dataset.watched) continue;
    form.dataset.watched = "1";
    new Draft(form);
  }
}

function forget() {
  const done = document.querySelector("[data-draft-done]");
  if (!done) return;
  localStorage.removeItem(`draft:${document.body.dataset.user}:${done.dataset.draftDone}`);
}

// On signing out nothing that the server already has stays on a shared computer.
function leaveNothing(event) {
  if (!event.target.matches('form[action="/sign-out"]')) return;
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("draft:") && kept(key)?.saved) localStorage.removeItem(key);
  }
}

export function startDrafts() {
  if (!document.body.dataset.user) return;
  document.addEventListener("submit", leaveNothing);
  forget();
  watch(document);
  document.body.addEventListener("htmx:load", (event) => watch(event.detail.elt));
}
