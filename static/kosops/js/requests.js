// Around htmx requests: old rows stay and dim, faults are said, a lost session leads to sign-in.
// The answer may go to another place than the one that waited for it.
const waiting = new WeakMap();

document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, xhr } = event.detail;
  waiting.set(xhr, target);
  target?.classList.add("is-waiting");
  target?.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", (event) => {
  const target = waiting.get(event.detail.xhr);
  target?.classList.remove("is-waiting");
  target?.removeAttribute("aria-busy");
});

// A whole page where a fragment was asked for: the request was led elsewhere (sign-in, second step).
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, boosted } = event.detail;
  if (boosted || !/^\s*<!doctype/i.test(xhr.responseText)) return;
  event.detail.shouldSwap = false;
  // An error page stays where it is and is said below: its address may take no GET.
  if (xhr.status >= 400) return;
  location.assign(xhr.responseURL);
});

function say(text) {
  const box = document.getElementById("toasts");
  if (!box || !text) return;
  const toast = document.createElement("div");
  toast.className = "toast toast-bad";
  toast.dataset.kosToast = "";
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(words);
  box.append(toast);
}

document.addEventListener("htmx:responseError", (event) => {
  const texts = document.body.dataset;
  say(event.detail.xhr.status === 403 ? texts.kosRefused : texts.kosFailed);
});
document.addEventListener("htmx:sendError", () => say(document.body.dataset.kosOffline));
