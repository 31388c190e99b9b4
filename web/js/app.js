// Everything the browser runs. The pages are made on the server; this file adds keys, drafts that
// survive, the call's clock, pickers and live updates.
import htmx from "htmx.org";
import "htmx-ext-sse";
import { startCall } from "./call.js";
import { startDrafts } from "./drafts.js";
import { startKeys } from "./keys.js";
import { startNotices } from "./notices.js";
import { startPickers } from "./picker.js";
import { startSuggestions } from "./suggest.js";

window.htmx = htmx;

startKeys();
startNotices();
startPickers();
startDrafts();
startSuggestions();
startCall();
