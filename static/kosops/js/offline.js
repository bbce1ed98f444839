// Phone pages without a network: registers the service worker and says when a page is an old copy.
const frame = document.querySelector("[data-kos-staff]");
const root = document.documentElement;

function sayOfOldCopy() {
  const note = document.querySelector("[data-kos-offline-note]");
  const { kosKeptAt, kosKeptWhy } = root.dataset;
  if (!note || !kosKeptAt) return;
  const at = new Date(kosKeptAt);
  const today = at.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  const time = new Intl.DateTimeFormat(root.lang === "en" ? "en-GB" : root.lang, { hourCycle: "h23", ...style }).format(at);
  const say = (words) => {
    note.querySelector("[data-kos-words]").textContent = words.replace("{time}", time);
  };
  say(kosKeptWhy === "slow" ? note.dataset.kosSlowWords : note.dataset.kosOfflineWords);
  note.hidden = false;
  addEventListener("online", () => say(note.dataset.kosOnlineWords));
}

for (const link of document.querySelectorAll("[data-kos-again]")) {
  link.href = location.href;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
}
sayOfOldCopy();

// The first page was loaded before there was a worker; today and the form are needed where there is
// no network.
function askToKeep(registration) {
  const { kosScope, kosForm } = frame.dataset;
  const urls = [location.href.split("#")[0], ...[kosScope, kosForm].map((path) => new URL(path, location.href).href)];
  registration.active.postMessage({ kos: "keep", urls });
}

async function register() {
  const workers = navigator.serviceWorker;
  const { kosWorker, kosScope, kosPerson } = frame.dataset;
  try {
    await workers.register(kosWorker, { scope: kosScope });
    if (!kosPerson || root.dataset.kosKeptAt) return;
    askToKeep(await workers.ready);
    workers.addEventListener("controllerchange", async () => askToKeep(await workers.ready));
  } catch {
    // Without the worker the pages work as long as there is a network.
  }
}

// Registered after the page has loaded: the first view does not wait for what it fetches.
if (frame && "serviceWorker" in navigator) {
  if (document.readyState === "complete") register();
  else addEventListener("load", register);
}

// Who signs out leaves nothing to read; what waits to be sent stays until they are back.
document.addEventListener("submit", (event) => {
  if (!new URL(event.target.action, location.href).pathname.endsWith("/logout/")) return;
  localStorage.removeItem("kosops-last-person");
  self.caches?.keys().then((names) => names.filter((name) => /^kosops-(pages|person)/.test(name)).map((name) => caches.delete(name)));
});
