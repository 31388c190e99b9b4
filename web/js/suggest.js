// Suggestions: nothing is filled in silently. A button with data-take='{"category": "…"}' says why,
// and fills the fields when it is used.
import { pick } from "./picker.js";

function take(button) {
  for (const [name, code] of Object.entries(JSON.parse(button.dataset.take))) {
    if (code) pick(name, code);
  }
}

export function startSuggestions() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take]");
    if (button) take(button);
  });
  // What the server works out from the form (suggestion, promise, repeats, knowledge) is asked
  // again when a field that matters has changed, also by a picker or a restored draft.
  document.addEventListener("draft:filled", (event) => {
    window.htmx.trigger(event.target, "refresh");
  });
}
