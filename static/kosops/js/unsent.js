// Forms that could not be sent yet, kept in this browser by person. Used by pages and by the service
// worker, so it is no module. The server stores a form with the same key once, however often it comes.
self.kosUnsent = (() => {
  const TAG = "kosops-unsent";
  const TIMEOUT = 10000;

  function open() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open("kosops", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("unsent", { keyPath: "key" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  async function withStore(mode, act) {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction("unsent", mode);
        const request = act(transaction.objectStore("unsent"));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }

  const keep = (form) => withStore("readwrite", (store) => store.put(form));
  const drop = (key) => withStore("readwrite", (store) => store.delete(key));

  // When a form was sent last from this browser, by page or worker; beside the forms, of no person.
  const SENT = ":sent";
  const sentAt = async () => (await withStore("readonly", (store) => store.get(SENT)))?.at || 0;

  const dropSent = (key) =>
    withStore("readwrite", (store) => {
      store.put({ key: SENT, person: null, at: Date.now() });
      return store.delete(key);
    });

  async function of(person) {
    const all = await withStore("readonly", (store) => store.getAll());
    return all.filter((form) => form.person === person).sort((a, b) => (a.noted_at < b.noted_at ? -1 : 1));
  }

  // fetch() knows no time limit of its own, and AbortSignal.timeout is too new.
  async function ask(address, options) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT);
    try {
      return await fetch(address, { credentials: "same-origin", redirect: "manual", ...options, signal: stop.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  // Who is signed in, with a fresh token: {token, person}, or null when nobody is.
  async function signIn(address) {
    const answer = await ask(address, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.type === "opaqueredirect" || answer.status === 401) return null;
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  }

  // One form: sent, refused (kept with the reason), signed_out or failed (both kept as they are).
  async function sendOne(form, token) {
    const body = new URLSearchParams();
    body.set("text", form.text);
    body.set("client_key", form.key);
    body.set("noted_at", form.noted_at);
    body.set("person", form.person);
    for (const [name, value] of Object.entries(form.more || {})) if (value) body.set(name, value);
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    let answer;
    let said;
    try {
      answer = await ask(form.address, { method: "POST", body, headers });
      if (answer.type === "opaqueredirect" || answer.status === 401) return { outcome: "signed_out" };
      if (answer.status !== 200 && answer.status !== 422) return { outcome: "failed", busy: true };
      said = await answer.json();
    } catch {
      return { outcome: "failed" };
    }
    if (answer.status === 200) {
      await dropSent(form.key);
      return { outcome: "sent", ...said };
    }
    await keep({ ...form, problem: said.message });
    return { outcome: "refused", ...said };
  }

  async function send(form, tokenAddress) {
    let now;
    try {
      now = await signIn(tokenAddress);
    } catch {
      return { outcome: "failed" };
    }
    return now && now.person === form.person ? sendOne(form, now.token) : { outcome: "signed_out" };
  }

  // All forms of whoever is signed in, oldest first; what was refused waits for its person.
  async function sendAll(tokenAddress) {
    const result = { sent: 0, refused: 0, failed: 0, signedOut: false };
    let now;
    try {
      now = await signIn(tokenAddress);
    } catch {
      return { ...result, failed: 1 };
    }
    if (!now) return { ...result, signedOut: true };
    for (const form of (await of(now.person)).filter((each) => !each.problem)) {
      const { outcome } = await sendOne(form, now.token);
      if (outcome === "signed_out") return { ...result, signedOut: true };
      result[outcome] += 1;
      if (outcome === "failed") return result;
    }
    return result;
  }

  return { TAG, keep, drop, of, send, sendAll, sentAt };
})();
