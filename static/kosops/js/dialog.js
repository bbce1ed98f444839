// <a href="/page/" data-kos-dialog="id"> opens the dialog; an empty one is filled from the href by
// htmx. Without script the link leads to the page itself.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-kos-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const dialog = document.getElementById(link.dataset.kosDialog);
  if (!dialog?.showModal) return;
  event.preventDefault();
  if (link.dataset.kosDialogHref || dialog.hasAttribute("data-kos-fill")) fill(dialog, link);
  link.closest("details[data-kos-menu]")?.removeAttribute("open");
  if (!dialog.open) dialog.showModal();
});

function fill(dialog, link) {
  const body = dialog.querySelector("[data-kos-dialog-body]");
  const href = link.dataset.kosDialogHref || link.getAttribute("href");
  body.setAttribute("aria-busy", "true");
  window.htmx.ajax("GET", href, { target: body, swap: "innerHTML" }).then(() => body.removeAttribute("aria-busy"));
}

// A click on the veil closes.
document.addEventListener("click", (event) => {
  if (event.target.matches("dialog[open]")) event.target.close();
});
