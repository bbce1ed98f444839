// Link forms without a network: kept in this browser, shown as waiting, sent once when it returns.
const frame = document.querySelector("[data-kos-staff]");
const unsent = self.kosUnsent;
const form = document.querySelector("form[data-kos-unsent]");
const AFTER = "kosops-said";
const language = document.documentElement.lang;

const address = (path) => new URL(path, location.href).href;
// randomUUID is missing on plain http.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// The offline page and a page before sign-in know nobody: then it is whoever was here last.
const LAST = "kosops-last-person";
let person = frame?.dataset.kosPerson || "";
if (person) localStorage.setItem(LAST, person);
else person = localStorage.getItem(LAST) || "";

// -- what waits ---------------------------------------------------------------------

let signedOut = false;

async function show() {
  const waiting = await unsent.of(person);
  for (const count of document.querySelectorAll("[data-kos-unsent-count]")) count.textContent = waiting.length;
  const list = document.querySelector("[data-kos-unsent-list]");
  const strip = document.querySelector("[data-kos-unsent-strip]");
  if (strip) strip.hidden = Boolean(list) || !waiting.length;
  if (!list) return;
  list.hidden = !waiting.length;
  const template = list.querySelector("[data-kos-unsent-row]");
  list.querySelector("[data-kos-unsent-rows]").replaceChildren(...waiting.map((each) => row(template, each)));
}

function row(template, each) {
  const made = template.content.cloneNode(true);
  const part = (name) => made.querySelector(`[data-kos-${name}]`);
  const style = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const at = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, style);
  part("words").textContent = each.text.trim().replace(/\s+/g, " ").slice(0, 120);
  part("time").textContent = at.format(new Date(each.noted_at));
  part("problem").textContent = each.problem || "";
  part("problem").hidden = !each.problem;
  part("correct").hidden = !each.problem;
  part("correct").href += `?correct=${each.key}`;
  part("sign-in").hidden = !signedOut;
  part("delete").addEventListener("click", async () => {
    await unsent.drop(each.key);
    await show();
  });
  return made;
}

function toast(text) {
  const box = document.getElementById("toasts");
  if (!box || !text) return;
  const made = document.createElement("div");
  made.className = "toast toast-success";
  made.dataset.kosToast = "";
  const words = document.createElement("p");
  words.textContent = text;
  made.append(words);
  box.append(made);
}

async function told(result) {
  signedOut = result.signedOut;
  await show();
  // "No network" is no longer so.
  if (form && !form.elements.text.value && !result.failed) form.querySelector("#link-check").replaceChildren();
  if (!result.sent) return;
  toast(frame.dataset.kosSent);
  refresh();
}

function refresh() {
  const own = document.querySelector("[data-kos-refresh]");
  if (own && self.htmx) htmx.ajax("GET", own.dataset.kosRefresh, { target: own, swap: "outerHTML" });
}

let sending = null;

async function sendAll() {
  const waiting = (await unsent.of(person)).filter((each) => !each.problem);
  if (!waiting.length || sending) return sending;
  sending = unsent.sendAll(address(frame.dataset.kosToken)).then(told);
  await sending.finally(() => (sending = null));
}

async function sendLater() {
  try {
    const registration = await navigator.serviceWorker?.getRegistration(frame.dataset.kosScope);
    await registration?.sync?.register(unsent.TAG);
  } catch {
    // Where the browser wakes nobody (iOS), the next page that is opened sends.
  }
}

// -- the form -----------------------------------------------------------------------

// What else the form asks; it goes along as it is.
const MORE = ["account", "location"];
const looksLikeLink = /[\w-]\.[\w.-]+\/\S/;

function say(text) {
  const problem = form.querySelector("#link-problem");
  problem.replaceChildren();
  form.querySelector(".field").classList.toggle("has-errors", Boolean(text));
  if (!text) return;
  const line = document.createElement("li");
  line.textContent = text;
  problem.append(line);
}

function note(text) {
  const line = document.createElement("p");
  line.className = "all-well";
  line.textContent = text;
  form.querySelector("#link-check").replaceChildren(line);
}

async function submit(event) {
  event.preventDefault();
  const field = form.elements.text;
  if (!looksLikeLink.test(field.value)) {
    say(form.dataset.kosNoLink);
    field.focus();
    return;
  }
  const button = form.querySelector("[type=submit]");
  const kept = {
    key: form.dataset.kosKey || newKey(),
    person,
    address: address(form.getAttribute("action")),
    text: field.value.slice(0, 4000),
    more: Object.fromEntries(MORE.map((name) => [name, form.elements[name]?.value || ""])),
    noted_at: form.dataset.kosNotedAt || new Date().toISOString(),
  };
  button.disabled = true;
  try {
    await unsent.keep(kept);
  } catch {
    // This browser keeps nothing (private window): the form goes as forms go.
    form.submit();
    return;
  }
  try {
    await sent(await unsent.send(kept, address(frame.dataset.kosToken)), kept);
  } finally {
    button.disabled = false;
  }
}

async function sent(result, kept) {
  if (result.outcome === "sent") {
    sessionStorage.setItem(AFTER, result.message);
    location.assign(result.url);
    return;
  }
  if (result.outcome === "refused") {
    // The words are still in the field; nothing waits.
    await unsent.drop(kept.key);
    delete form.dataset.kosKey;
    say(result.message);
    form.elements.text.focus();
  } else {
    form.reset();
    form.elements.text.value = "";
    delete form.dataset.kosKey;
    delete form.dataset.kosNotedAt;
    say("");
    signedOut = result.outcome === "signed_out";
    note(signedOut ? form.dataset.kosSignedOut : result.busy ? form.dataset.kosBusy : form.dataset.kosKept);
    await sendLater();
  }
  await show();
}

// A refused form comes back under its own key, so that it is still one form.
async function correct(key) {
  const found = (await unsent.of(person)).find((each) => each.key === key);
  if (!found) return;
  form.elements.text.value = found.text;
  for (const [name, value] of Object.entries(found.more || {})) if (form.elements[name]) form.elements[name].value = value;
  form.dataset.kosKey = found.key;
  form.dataset.kosNotedAt = found.noted_at;
  say(found.problem);
}

function prepareForm() {
  const query = new URLSearchParams(location.search);
  const field = form.elements.text;
  form.addEventListener("submit", submit);
  field.addEventListener("input", () => say(""));
  // Without a network the check under the field says so, and no fault pops up.
  field.addEventListener("htmx:beforeRequest", (event) => {
    const empty = !field.value.trim();
    if (navigator.onLine && !empty) return;
    event.preventDefault();
    if (!empty) note(form.dataset.kosLater);
  });
  // The check must not lead away to sign-in from under what was just pasted.
  field.addEventListener("htmx:beforeOnLoad", (event) => {
    if (!event.detail.xhr.getResponseHeader("HX-Redirect")) return;
    event.preventDefault();
    note(form.dataset.kosEnded);
  });
  field.addEventListener("htmx:sendError", (event) => {
    event.stopPropagation();
    if (field.value.trim()) note(form.dataset.kosLater);
  });
  if (query.get("correct")) return correct(query.get("correct"));
  // A copy of this page from before knows nothing of what was shared with it.
  const shared = ["title", "text", "url"].map((name) => query.get(name)).filter(Boolean).join("\n");
  if (shared && !field.value) field.value = shared;
  if (field.value) field.dispatchEvent(new Event("kos:check"));
}

// -- start ----------------------------------------------------------------------------

async function start() {
  try {
    await show();
  } catch {
    return; // no IndexedDB: forms post as forms do
  }
  if (form) await prepareForm();
  toast(sessionStorage.getItem(AFTER));
  sessionStorage.removeItem(AFTER);
  addEventListener("online", () => sendAll());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sendAll());
  navigator.serviceWorker?.addEventListener("message", (event) => event.data.kos === "unsent" && told(event.data.result));
  // Sent by the page before while this one was on its way: it may have been made too early for it.
  if ((await unsent.sentAt()) > performance.timeOrigin) refresh();
  await sendAll();
}

if (frame && unsent) start();
