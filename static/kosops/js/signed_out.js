// At sign-in nothing of whoever was here before can be read any more, also without a network.
self.caches?.keys().then((names) => names.filter((name) => /^kosops-(pages|person)/.test(name)).map((name) => caches.delete(name)));
try {
  localStorage.removeItem("kosops-last-person");
} catch {
  // Storage is switched off: nothing was kept.
}
