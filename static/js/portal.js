// Comfort only: every page works without this file.
(() => {
  "use strict";
  const number = new Intl.NumberFormat(document.documentElement.lang);

  // "1,234 / 5,000" under a text area that has a limit
  const count = (area) => {
    const out = document.getElementById(area.id + "_counter");
    if (out) out.textContent = `${number.format(area.value.length)} / ${number.format(area.maxLength)}`;
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches("textarea[maxlength]")) count(event.target);
  });

  // the menu closes on Escape, and gives the focus back
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector(".menu-toggle[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // whoever sent a form with mistakes starts at the list of them
  const prepare = (root) => {
    root.querySelectorAll("textarea[maxlength]").forEach(count);
    root.querySelector(".error-summary[role=alert]")?.focus();
  };
  // the link to the other language keeps the filters just chosen
  for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory"])
    document.addEventListener(name, () => {
      const link = document.querySelector("header a[hreflang]");
      if (link) link.search = location.search;
    });
  document.addEventListener("htmx:load", (event) => prepare(event.target));
  prepare(document);
})();
