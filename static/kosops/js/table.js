// Keys of a list: j and k move, Enter opens, x chooses, / finds. Off while typing; the links are always there too.
const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

function rows() {
  return [...document.querySelectorAll("table[data-kos-table] tbody tr[data-kos-href]")];
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement?.closest("tr"));
  const row = all[Math.min(all.length - 1, Math.max(0, at + step))];
  row.tabIndex = -1;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

// Keys without Ctrl can be switched off on a device, for those who speak or press by accident.
const store = "kos-keys";
const off = () => localStorage.getItem(store) === "off";

for (const box of document.querySelectorAll("[data-kos-keys]")) {
  box.checked = !off();
  box.addEventListener("change", () => localStorage.setItem(store, box.checked ? "on" : "off"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (off() && event.key !== "Enter") return;
  const by = { j: 1, k: -1 }[event.key];
  if (document.querySelector("dialog[open]")) {
    // Beside the list the same keys go on.
    if (by) document.querySelector("[data-kos-peek-panel][open]")?.dispatchEvent(new CustomEvent("kos:step", { detail: by }));
    return;
  }
  if (by) move(by);
  else if (event.key === "Enter" && event.target.matches("tr[data-kos-href]")) {
    const link = event.target.querySelector("a[data-kos-peek], a[href]");
    // Or the key would press the button that the panel puts the focus on.
    event.preventDefault();
    if (link) link.click();
    else location.assign(event.target.dataset.kosHref);
  } else if (event.key === "x") {
    event.target.dispatchEvent(new CustomEvent("kos:choose", { bubbles: true }));
  } else if (event.key === "?") {
    document.getElementById("keys")?.showModal();
  } else if (event.key === "/") {
    const find = document.querySelector("[data-kos-find]");
    event.preventDefault();
    if (!find) return document.querySelector("[data-kos-palette-open]")?.click();
    find.focus();
    find.select();
  }
});

// Filters that a narrow window keeps folded.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-kos-filters]");
  if (button) button.setAttribute("aria-expanded", String(button.form.classList.toggle("is-open")));
});

// A file dropped on an upload field.
document.addEventListener("dragover", (event) => {
  const zone = event.target.closest("[data-kos-upload]");
  if (!zone) return;
  event.preventDefault();
  zone.classList.add("is-over");
});
document.addEventListener("dragleave", (event) => {
  event.target.closest("[data-kos-upload]")?.classList.remove("is-over");
});
document.addEventListener("drop", (event) => {
  const zone = event.target.closest("[data-kos-upload]");
  if (!zone) return;
  event.preventDefault();
  zone.classList.remove("is-over");
  const field = zone.querySelector("input[type=file]");
  field.files = event.dataTransfer.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
});
