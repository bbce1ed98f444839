// Put into every page before its own scripts: what the sweep asks afterwards.
window.kosWatch = {
  violations: [],
  shift: 0,
  shifted: [],
  waiting: 0,

  // Once no part of the page is asked for any more, and a few frames later: shifts are reported
  // with the frame after the one that they happened in.
  settled() {
    const latest = performance.now() + 10_000;
    let calm = 0;
    return new Promise((done) => {
      const step = () => {
        calm = this.waiting > 0 ? 0 : calm + 1;
        if (calm > 3 || performance.now() > latest) done(calm > 3);
        else requestAnimationFrame(step);
      };
      step();
    });
  },

  parts() {
    const wrong = [];
    const shown = (element) => element.checkVisibility();
    const headings = [...document.querySelectorAll("h1")].filter(shown).length;
    const mains = [...document.querySelectorAll("main")].filter(shown).length;
    if (headings !== 1) wrong.push(`has ${headings} h1`);
    if (mains !== 1) wrong.push(`has ${mains} main`);
    // Every title is the page's own and then the brand's name.
    if (!/\S \u00b7 \S/.test(document.title)) wrong.push("has no title of its own");
    return wrong;
  },

  // Names of what can be pressed and is too small to be hit. Links inside a sentence are as high
  // as its line.
  smallTargets(least) {
    const found = [];
    for (const element of document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=button], [role=option]")) {
      if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(".visually-hidden, .skip-link, dialog:not([open])")) continue;
      const style = getComputedStyle(element);
      if (element.matches("a") && style.display === "inline") continue;
      // A label is pressed in place of its box.
      const target = (element.matches("[type=checkbox], [type=radio]") && element.labels[0]) || element;
      const box = target.getBoundingClientRect();
      if (box.width === 0 || box.right <= 0) continue;
      if (Math.min(box.width, box.height) < least - 0.5)
        found.push(`${(element.id || element.className || element.textContent || element.name).trim().slice(0, 40)} ${Math.round(box.width)}x${Math.round(box.height)}`);
    }
    return [...new Set(found)].slice(0, 8);
  },

  // Chinese and Japanese text takes its own letters, without space between them or slant.
  letters(fonts) {
    const wrong = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.data.trim();
      if (!/[\u3040-\u30ff\u4e00-\u9fff]/.test(text) || element.closest("script, style, template, code, kbd, pre")) continue;
      const style = getComputedStyle(element);
      const font = fonts[element.closest("[lang]").lang];
      const name = `${element.tagName.toLowerCase()} \u201c${text.slice(0, 16)}\u201d`;
      if (font && !style.fontFamily.includes(font)) wrong.add(`latin fonts only, or another language's: ${name}`);
      if (style.letterSpacing !== "normal") wrong.add(`letter-spacing: ${name}`);
      if (style.fontStyle !== "normal") wrong.add(`slanted: ${name}`);
    }
    return [...wrong].slice(0, 5);
  },
};

document.addEventListener("securitypolicyviolation", (event) => {
  window.kosWatch.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile ?? ""}:${event.lineNumber}`);
});
document.addEventListener("htmx:beforeSend", () => { window.kosWatch.waiting += 1; });
document.addEventListener("htmx:afterRequest", () => { window.kosWatch.waiting -= 1; });

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.kosWatch.shift += entry.value;
    for (const source of entry.sources) window.kosWatch.shifted.push(source.node?.className || source.node?.nodeName || "");
  }
}).observe({ type: "layout-shift", buffered: true });
