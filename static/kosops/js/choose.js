// Rows that are chosen: the bar with what can be done with them, and "x" on the row in focus.
const MOST = 3;
const boxes = () => [...document.querySelectorAll("[data-kos-choose]")];
const chosen = () => boxes().filter((box) => box.checked);

function tell() {
  const bar = document.querySelector("[data-kos-bulk]");
  if (!bar) return;
  const some = chosen();
  const all = document.querySelector("[data-kos-choose-all]");
  all.checked = some.length > 0 && some.length === boxes().length;
  all.indeterminate = some.length > 0 && !all.checked;
  for (const box of boxes()) box.closest("tr").classList.toggle("is-chosen", box.checked);
  bar.classList.toggle("is-open", some.length > 0);
  const every = bar.querySelector("[data-kos-every]");
  if (every) {
    every.closest("label").hidden = !all.checked;
    if (!all.checked) every.checked = false;
  }
  bar.querySelector("[data-kos-chosen]").textContent = every?.checked ? every.value : String(some.length);
  const side = bar.querySelector("[data-kos-compare]");
  if (side) side.hidden = Boolean(every?.checked) || some.length < 2 || some.length > MOST;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-kos-choose-all]")) for (const box of boxes()) box.checked = event.target.checked;
  if (event.target.matches("[data-kos-choose], [data-kos-choose-all], [data-kos-every]")) tell();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-kos-choose-none]")) {
    for (const box of boxes()) box.checked = false;
    tell();
  } else if (event.target.closest("[data-kos-compare]")) {
    const links = chosen().map((box) => box.closest("tr").querySelector("[data-kos-peek]"));
    document.dispatchEvent(new CustomEvent("kos:compare", { detail: links }));
  }
});

document.addEventListener("kos:choose", (event) => {
  const box = event.target.closest?.("tr")?.querySelector("[data-kos-choose]");
  if (!box) return;
  box.checked = !box.checked;
  tell();
});

// Filters change what the list of the address is; the bar acts on the list as it stands.
document.addEventListener("submit", (event) => {
  const query = event.target.closest("[data-kos-bulk]")?.querySelector("[data-kos-query]");
  if (query) query.value = location.search.replace(/^\?/, "");
});

document.addEventListener("htmx:afterSettle", tell);
tell();
