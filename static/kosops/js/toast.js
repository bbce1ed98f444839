// Toasts leave by themselves (CSS); the button closes them at once.
function arm(root) {
  for (const button of root.querySelectorAll("[data-kos-toast-close][hidden]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-kos-toast-close]")?.closest("[data-kos-toast]")?.remove();
});
document.addEventListener("animationend", (event) => {
  if (event.animationName === "toast-out") event.target.remove();
});
document.addEventListener("htmx:load", (event) => arm(event.target.parentElement ?? document));
arm(document);
