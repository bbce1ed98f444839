// The service worker of the phone pages. `kos`, on the line before, comes from the server.
// Pages are kept by person; nothing but a whole page that the server marked is ever kept.
importScripts(kos.unsent);

const SHELL = `kosops-shell-${kos.version}`;
const PAGES = "kosops-pages-";
const PERSON = "kosops-person";
const KEPT_AT = "Kos-Kept-At";
const MOST_PAGES = 30;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

async function install() {
  const cache = await caches.open(SHELL);
  await cache.addAll(kos.shell.map((address) => new Request(address, { credentials: "same-origin" })));
  await self.skipWaiting();
}

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

// Pages name the files of their own version, so they go with the shell of that version.
async function activate() {
  const names = await caches.keys();
  const before = names.filter((name) => name.startsWith("kosops-shell-") && name !== SHELL);
  const pages = before.length ? names.filter((name) => name.startsWith(PAGES)) : [];
  await Promise.all([...before, ...pages].map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (address.pathname.startsWith(kos.scope)) event.respondWith(page(event));
  } else if (kos.shell.includes(address.pathname + address.search)) {
    event.respondWith(fromShell(request));
  }
});

async function fromShell(request) {
  const cache = await caches.open(SHELL);
  return (await cache.match(request.url, { ignoreVary: true })) || fetch(request);
}

async function page(event) {
  const { url } = event.request;
  const answered = fetch(event.request);
  const noted = answered.then((answer) => note(url, answer));
  event.waitUntil(noted.catch(() => {}));
  try {
    const first = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, kos.patience))]);
    return first || (await kept(url, "slow")) || (await answered);
  } catch {
    return (await kept(url, "offline")) || offlinePage();
  }
}

async function offlinePage() {
  const cache = await caches.open(SHELL);
  return (await cache.match(kos.offline, { ignoreVary: true })) || Response.error();
}

// -- pages of the person who is signed in ---------------------------------------

// One after the other: two pages at once would each take the other for a page of somebody else.
let turn = Promise.resolve();

// The copy is read at once, before it is its turn: a copy that waits unread holds up the page itself.
async function note(url, answer) {
  const text = isKept(url, answer) ? await answer.clone().text() : "";
  turn = turn.catch(() => {}).then(() => noteNow(url, answer, text));
  return turn;
}

function isKept(url, answer) {
  const address = new URL(url);
  const type = answer.headers.get("Content-Type") || "";
  if (!answer.headers.get("Kos-Keep") || answer.status !== 200 || !type.startsWith("text/html")) return false;
  return address.pathname !== kos.form || !address.search;
}

async function noteNow(url, answer, text) {
  // Own pages lead elsewhere only when nobody is signed in any more.
  if (answer.type === "opaqueredirect" && new URL(url).pathname.endsWith("/")) return forget();
  if (!isKept(url, answer)) return;
  const person = answer.headers.get("Kos-Keep");
  await become(person);
  const headers = new Headers(answer.headers);
  // The body is plain by now, and whoever asks is known by the cache's name.
  for (const name of ["Content-Encoding", "Content-Length", "Vary"]) headers.delete(name);
  headers.set(KEPT_AT, new Date().toISOString());
  const cache = await caches.open(PAGES + person);
  await cache.delete(url);
  await cache.put(url, new Response(text, { headers }));
  const all = await cache.keys();
  await Promise.all(all.slice(0, Math.max(0, all.length - MOST_PAGES)).map((old) => cache.delete(old)));
}

async function kept(url, why) {
  const person = await who();
  if (!person) return undefined;
  const cache = await caches.open(PAGES + person);
  const isForm = new URL(url).pathname === kos.form;
  const found = await cache.match(url, { ignoreSearch: isForm });
  if (!found) return undefined;
  const mark = `<html data-kos-kept-at="${found.headers.get(KEPT_AT)}" data-kos-kept-why="${why}" `;
  return new Response((await found.text()).replace("<html ", mark), { headers: found.headers });
}

async function who() {
  const cache = await caches.open(PERSON);
  const found = await cache.match(kos.scope);
  return found ? found.text() : "";
}

async function become(person) {
  if ((await who()) === person) return;
  await forget();
  const cache = await caches.open(PERSON);
  await cache.put(kos.scope, new Response(person));
}

async function forget() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PAGES) || name === PERSON).map((name) => caches.delete(name)));
}

// Pages that somebody will want without a network: fetched once, unless they are here.
async function keepAll(urls) {
  for (const url of urls) {
    const person = await who();
    const cache = person && (await caches.open(PAGES + person));
    if (cache && (await cache.match(url))) continue;
    try {
      await note(url, await fetch(url, { credentials: "same-origin", redirect: "manual" }));
    } catch {
      return;
    }
  }
}

self.addEventListener("message", (event) => {
  if (event.data.kos === "keep") event.waitUntil(keepAll(event.data.urls));
});

// -- what was not sent ------------------------------------------------------------

self.addEventListener("sync", (event) => {
  if (event.tag === kosUnsent.TAG) event.waitUntil(sendUnsent());
});

async function sendUnsent() {
  const result = await kosUnsent.sendAll(kos.token);
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage({ kos: "unsent", result });
  // Tells the browser to wake us once more.
  if (result.failed) throw new Error("not everything could be sent");
}
