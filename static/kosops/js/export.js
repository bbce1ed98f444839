// Filters change the address without loading the page anew: the file is asked for as the list stands.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-kos-export]");
  if (!form) return;
  form.querySelector("[data-kos-query]").value = location.search.replace(/^\?/, "");
  form.closest("details")?.removeAttribute("open");
});
