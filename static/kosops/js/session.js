// A working day at HQ ends the session. Five minutes before, the page says so; the link opens beside
// it, so that a form that is being filled in stays.
const ending = document.getElementById("session-ending");
const WARN = 5 * 60;
let told = false;

function check() {
  const left = Number(ending.dataset.kosEnds) - Date.now() / 1000;
  if (told || left > WARN || left < 0) return;
  told = true;
  document.getElementById("toasts")?.append(ending.content.cloneNode(true));
}

if (ending) {
  setInterval(check, 20_000);
  // A laptop that was closed comes back later than its timers think.
  document.addEventListener("visibilitychange", check);
}
