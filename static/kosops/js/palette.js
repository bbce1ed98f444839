// The command palette. The field keeps the focus; arrows move through the choices, Enter follows one.
const palette = document.querySelector("[data-kos-palette]");
const field = palette?.querySelector("input");
const choices = () => [...palette.querySelectorAll("[role=option]")];

function open() {
  if (palette.open) return;
  field.value = "";
  palette.showModal();
  window.htmx.trigger(field, "kos:find");
}

function choose(choice) {
  for (const other of choices()) other.setAttribute("aria-selected", String(other === choice));
  if (choice) field.setAttribute("aria-activedescendant", choice.id);
  else field.removeAttribute("aria-activedescendant");
  choice?.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = choices();
  if (!all.length) return;
  const at = all.findIndex((choice) => choice.getAttribute("aria-selected") === "true");
  choose(all[(at + step + all.length) % all.length]);
}

if (palette?.showModal) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("[data-kos-palette-open]")) {
      event.preventDefault();
      open();
    } else if (event.target.closest("[data-kos-palette-close]")) {
      palette.close();
    }
  });

  field.addEventListener("keydown", (event) => {
    // Enter and the arrows belong to the input method while a Chinese or Japanese word is composed.
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const chosen = palette.querySelector("[role=option][aria-selected=true]");
      if (!chosen) return;
      event.preventDefault();
      chosen.click();
    }
  });

  // The first match is chosen, so that a name and Enter are enough.
  palette.addEventListener("htmx:afterSwap", () => choose(choices()[0]));
}
