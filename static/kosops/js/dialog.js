// <a href="/page/" data-kos-dialog="id"> opens the dialog; with data-kos-of-list it is filled from the
// href by htmx. Without script the link leads to the page itself.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-kos-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const dialog = document.getElementById(link.dataset.kosDialog);
  if (!dialog?.showModal) return;
  event.preventDefault();
  if (link.hasAttribute("data-kos-of-list")) fill(dialog, link);
  link.closest("details[data-kos-menu]")?.removeAttribute("open");
  if (!dialog.open) dialog.showModal();
});

function fill(dialog, link) {
  const body = dialog.querySelector("[data-kos-dialog-body]");
  const href = new URL(link.getAttribute("href"), location.href);
  // Filters change the address without loading the page anew: the dialog is about the list as it stands.
  if (link.hasAttribute("data-kos-of-list")) href.searchParams.set("query", location.search.replace(/^\?/, ""));
  body.replaceChildren(document.getElementById("peek-waiting").content.cloneNode(true));
  body.setAttribute("aria-busy", "true");
  window.htmx.ajax("GET", href.pathname + href.search, { target: body, swap: "innerHTML" }).then(() => body.removeAttribute("aria-busy"));
}

// A click on the veil closes.
document.addEventListener("click", (event) => {
  if (event.target.matches("dialog[open]")) event.target.close();
});
