// Keyboard first: an element with data-key="Ctrl+Enter F2" is used by either key, J and K walk lists.

function nameOf(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  let key = event.key;
  if (event.altKey && event.code.startsWith("Key")) key = event.code.slice(3);
  parts.push(key.length === 1 ? key.toUpperCase() : key);
  return parts.join("+");
}

const typing = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable ||
    element.tagName === "TEXTAREA" ||
    element.tagName === "SELECT" ||
    (element.tagName === "INPUT" && !["checkbox", "radio", "button", "submit"].includes(element.type)));

const shown = (element) => element.offsetParent !== null || element.getClientRects().length > 0;

function use(element) {
  if (element.matches("input[type=radio], input[type=checkbox]")) {
    element.click();
    element.focus();
  } else if (element.matches("input, textarea, select")) {
    element.focus();
    if (element.select) element.select();
  } else if (element.matches("summary")) {
    element.click();
    element.parentElement.querySelector("textarea, input")?.focus();
  } else {
    element.click();
  }
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-rows] a[data-open]")].filter(shown);
  if (!rows.length) return false;
  const here = rows.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : here + step;
  rows[Math.max(0, Math.min(rows.length - 1, next))].focus();
  return true;
}

function onKey(event) {
  if (event.isComposing || event.defaultPrevented) return;
  const name = nameOf(event);
  const bare = !name.includes("+") && !/^F\d/.test(name);
  if (name === "Escape" && typing(document.activeElement)) {
    document.activeElement.blur();
    return;
  }
  if (bare && typing(document.activeElement)) return;
  for (const element of document.querySelectorAll("[data-key]")) {
    const keys = element.dataset.key.toUpperCase().split(" ");
    if (keys.includes(name.toUpperCase()) && shown(element) && !element.disabled) {
      event.preventDefault();
      use(element);
      return;
    }
  }
  if (name === "Ctrl+Enter") submitFocused(event);
  else if (name === "J" && walk(1)) event.preventDefault();
  else if (name === "K" && walk(-1)) event.preventDefault();
}

function submitFocused(event) {
  const form = document.activeElement?.closest("form");
  if (form?.hasAttribute("data-submit-key")) {
    event.preventDefault();
    form.requestSubmit();
  }
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
  // A form is sent once: the button rests until the answer is there.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent && form.method === "post" && !form.hasAttribute("hx-post")) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
}
