// Changes the theme at once and tells the server in the background; without script the form posts.

function show(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  document.dispatchEvent(new CustomEvent("kos:theme"));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!form.matches("[data-kos-theme]") || !button || button.name !== "theme") return;
  event.preventDefault();
  const body = new FormData(form);
  body.set("theme", button.value);
  show(button.value);
  for (const other of document.querySelectorAll("[data-kos-theme] button[name=theme]")) {
    if (other.value === button.value) other.setAttribute("aria-current", "true");
    else other.removeAttribute("aria-current");
  }
  form.closest("details")?.removeAttribute("open");
  fetch(form.action, { method: "POST", body, credentials: "same-origin", redirect: "manual" }).catch(() => {});
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  document.dispatchEvent(new CustomEvent("kos:theme"));
});
