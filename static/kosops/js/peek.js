// A row's main link (data-kos-peek) opens beside the list, with the rows before and after; chosen
// rows open side by side. Without script, on a phone and with Ctrl the link leads to the page itself.
const panel = document.querySelector("[data-kos-peek-panel]");
const comparing = document.querySelector("[data-kos-compare-panel]");
const narrow = matchMedia("(max-width: 639.98px)");
let open = "";
let request = null;

const links = () => [...document.querySelectorAll("tbody [data-kos-peek]")];
const address = (link) => link.getAttribute("href");

async function load(place, href, signal) {
  if (place.childElementCount) place.classList.add("is-waiting");
  else place.append(document.getElementById("peek-waiting").content.cloneNode(true));
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(href, { headers: { "HX-Request": "true", "Kos-Peek": "1" }, credentials: "same-origin", signal });
    const text = await answer.text();
    // The session has ended: the page itself leads to sign-in and back.
    if (answer.redirected || answer.headers.has("HX-Redirect")) return location.assign(href);
    if (!answer.ok) throw new Error(answer.status);
    place.innerHTML = text;
    window.htmx.process(place);
  } catch (error) {
    if (error.name === "AbortError") return;
    place.replaceChildren(document.getElementById("peek-failed").content.cloneNode(true));
  }
  place.classList.remove("is-waiting");
  place.removeAttribute("aria-busy");
  place.scrollTop = 0;
}

function show(link) {
  const all = links();
  const at = all.indexOf(link);
  open = address(link);
  request?.abort();
  request = new AbortController();
  for (const row of document.querySelectorAll("tr.is-open")) row.classList.remove("is-open");
  link.closest("tr")?.classList.add("is-open");
  link.closest("tr")?.scrollIntoView({ block: "nearest" });
  panel.querySelector("[data-kos-peek-page]").href = open;
  panel.querySelector("[data-kos-peek-place]").textContent = `${at + 1} / ${all.length}`;
  for (const button of panel.querySelectorAll("[data-kos-peek-step]")) button.setAttribute("aria-disabled", String(!all[at + Number(button.dataset.kosPeekStep)]));
  const body = panel.querySelector("[data-kos-peek-body]");
  if (!panel.open) {
    body.replaceChildren();
    panel.showModal();
    body.focus();
  }
  load(body, open, request.signal);
}

function step(by) {
  const all = links();
  const next = all[all.findIndex((link) => address(link) === open) + by];
  if (next) show(next);
}

function compare(chosen) {
  const body = comparing.querySelector("[data-kos-compare-body]");
  body.replaceChildren();
  for (const link of chosen) {
    const place = document.createElement("section");
    place.className = "compare-part";
    body.append(place);
    load(place, address(link));
  }
  comparing.showModal();
}

if (panel?.showModal) {
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("tbody [data-kos-peek]");
    const button = event.target.closest("[data-kos-peek-step]");
    if (link && !narrow.matches) {
      event.preventDefault();
      show(link);
    } else if (button) {
      step(Number(button.dataset.kosPeekStep));
    }
  });

  panel.addEventListener("kos:step", (event) => step(event.detail));
  document.addEventListener("kos:compare", (event) => compare(event.detail));

  // The list goes on where the panel was left.
  panel.addEventListener("close", () => {
    request?.abort();
    const row = links().find((link) => address(link) === open)?.closest("tr");
    row?.classList.remove("is-open");
    if (!row) return;
    row.tabIndex = -1;
    row.focus();
  });
}
