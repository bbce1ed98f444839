// Runs before the page is drawn, so that what depends on script does not jump afterwards.
document.documentElement.classList.add("has-script");
