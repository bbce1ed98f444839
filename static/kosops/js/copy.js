// Buttons that copy a text. Without script they are not shown; the text itself is selectable.
for (const button of document.querySelectorAll("[data-kos-copy]")) {
  if (!navigator.clipboard) break;
  const words = button.querySelector("span");
  const before = words.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.kosCopy);
    words.textContent = button.dataset.kosCopied;
    words.setAttribute("role", "status");
    setTimeout(() => { words.textContent = before; }, 2000);
  });
}
