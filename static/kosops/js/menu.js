// Menus close on Escape and on a click elsewhere; the navigation sheet keeps the focus inside.
const openMenus = () => document.querySelectorAll("details[data-kos-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
    closeSheet();
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") moveInMenu(event);
});

// A panel that would leave the window on the left hangs from the other edge.
function placePanels() {
  for (const panel of document.querySelectorAll("details[data-kos-menu][open] .menu-panel")) {
    if (panel.getBoundingClientRect().left < 0) panel.classList.replace("menu-end", "menu-start");
    if (panel.getBoundingClientRect().right > innerWidth) panel.classList.replace("menu-start", "menu-end");
  }
}

// A definition stands by its button but inside the window, also where its own place scrolls or is cut.
function placeDefinitions() {
  for (const open of document.querySelectorAll("details[data-kos-help][open]")) {
    const text = open.querySelector(".help-text");
    const at = open.getBoundingClientRect();
    Object.assign(text.style, { position: "fixed", right: "auto" });
    const { width, height } = text.getBoundingClientRect();
    const below = at.bottom + 4;
    text.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
    text.style.top = `${below + height > innerHeight - 8 ? Math.max(8, at.top - height - 4) : below}px`;
  }
}

// `toggle` comes in a turn of its own, when the panel may already have been seen in the wrong place.
new MutationObserver(() => {
  placePanels();
  placeDefinitions();
}).observe(document, { subtree: true, attributeFilter: ["open"] });
document.addEventListener("scroll", placeDefinitions, { capture: true, passive: true });

function moveInMenu(event) {
  const menu = event.target.closest?.("details[data-kos-menu][open]");
  if (!menu) return;
  const items = [...menu.querySelectorAll(".menu-item")];
  if (!items.length) return;
  event.preventDefault();
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(document.activeElement);
  items[(at + step + items.length) % items.length].focus();
}

// The hint names the key that this keyboard has.
const hint = document.querySelector("[data-kos-search-key]");
if (hint && !/Mac|iPhone|iPad/.test(navigator.platform)) hint.textContent = "Ctrl K";

const sheet = document.querySelector("[data-kos-sheet]");
let opener = null;

function closeSheet() {
  if (!sheet?.classList.contains("is-open")) return;
  sheet.classList.remove("is-open");
  opener?.focus();
}

document.addEventListener("click", (event) => {
  const open = event.target.closest("[data-kos-sheet-open]");
  if (open && sheet) {
    event.preventDefault();
    opener = open;
    sheet.classList.add("is-open");
    sheet.querySelector("[data-kos-sheet-close]")?.focus();
  } else if (event.target.closest("[data-kos-sheet-close]")) {
    event.preventDefault();
    if (location.hash === "#navigation") history.replaceState(null, "", location.pathname + location.search);
    closeSheet();
  }
});

sheet?.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || !sheet.classList.contains("is-open")) return;
  const stops = [...sheet.querySelectorAll("a[href]:not([tabindex='-1'])")];
  const [first, last] = [stops[0], stops[stops.length - 1]];
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
});
