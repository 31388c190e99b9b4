// A picker: type a few characters of a category, place or department and choose with the arrows.
// The options stand in the page (<template data-options>); a hidden input carries the code.
import { word } from "./words.js";

const SHOWN = 12;

class Picker {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector("input[role=combobox]");
    this.code = box.querySelector("input[type=hidden]");
    this.list = box.querySelector("[role=listbox]");
    const source = document.getElementById(box.dataset.picker);
    this.options = [...source.content.querySelectorAll("li")].map((one) => ({
      code: one.dataset.code,
      label: one.textContent.trim(),
      words: `${one.textContent} ${one.dataset.words ?? ""}`.toLowerCase(),
    }));
    this.here = -1;
    this.show(this.code.value);
    this.input.addEventListener("input", () => this.open(this.input.value));
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("click", () => this.open(""));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.leave(), 120));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[data-code]");
      if (item) this.choose(item.dataset.code);
    });
  }

  show(code) {
    const found = this.options.find((one) => one.code === code);
    this.input.value = found ? found.label : "";
    this.code.value = found ? code : "";
  }

  choose(code) {
    this.show(code);
    this.close();
    this.code.dispatchEvent(new Event("change", { bubbles: true }));
  }

  open(query) {
    const wanted = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.options.filter((one) => wanted.every((part) => one.words.includes(part)));
    this.list.replaceChildren(
      ...found.slice(0, wanted.length ? SHOWN : found.length).map((one, index) => {
        const item = document.createElement("li");
        item.id = `${this.list.id}-${index}`;
        item.role = "option";
        item.dataset.code = one.code;
        item.textContent = one.label;
        return item;
      }),
    );
    if (!found.length) {
      const none = document.createElement("li");
      none.className = "quiet";
      none.textContent = word("没有匹配的项");
      this.list.append(none);
    }
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.point(wanted.length && found.length ? 0 : -1);
  }

  point(index) {
    const items = [...this.list.querySelectorAll("[data-code]")];
    this.here = Math.max(-1, Math.min(items.length - 1, index));
    items.forEach((item, i) => item.setAttribute("aria-selected", String(i === this.here)));
    const chosen = items[this.here];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.isComposing) return; // the input method's Enter and arrows choose characters
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.open("");
      this.point(this.here + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !this.list.hidden && !event.ctrlKey) {
      event.preventDefault();
      const items = this.list.querySelectorAll("[data-code]");
      if (items[this.here]) this.choose(items[this.here].dataset.code);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.show(this.code.value);
      this.close();
    }
  }

  leave() {
    if (this.list.hidden) return;
    if (this.input.value.trim() === "") this.choose("");
    else this.show(this.code.value);
    this.close();
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

const pickers = new WeakMap();

function watch(root) {
  for (const box of root.querySelectorAll?.("[data-picker]") ?? []) {
    if (!pickers.has(box)) pickers.set(box, new Picker(box));
  }
}

export function pick(name, code) {
  const input = document.querySelector(`[data-picker] input[type=hidden][name="${name}"]`);
  const picker = input && pickers.get(input.closest("[data-picker]"));
  picker?.choose(code);
}

export function startPickers() {
  watch(document);
  document.body.addEventListener("htmx:load", (event) => watch(event.detail.elt));
  document.addEventListener("draft:filled", (event) => {
    for (const box of event.target.querySelectorAll("[data-picker]")) {
      const picker = pickers.get(box);
      picker?.show(picker.code.value);
    }
  });
}
