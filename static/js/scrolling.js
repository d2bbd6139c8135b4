// What scrolls is reached by the keyboard, where nothing inside it is: a table on a narrow screen, at any zoom.
"use strict";

document.addEventListener("alpine:init", () => {
  const inside = "a[href], button, input:not([type='hidden']), select, textarea, [tabindex]";

  function look(box) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    const isNeeded = scrolls && getComputedStyle(box).overflowX !== "visible" && !box.querySelector(inside);
    if (isNeeded && !box.hasAttribute("tabindex")) {
      box.tabIndex = 0;
      box.dataset.scrolls = "";
    } else if (!isNeeded && box.dataset.scrolls !== undefined) {
      box.removeAttribute("tabindex");
      delete box.dataset.scrolls;
    }
  }

  const watcher = new ResizeObserver((entries) => entries.forEach((entry) => look(entry.target)));
  for (const box of document.querySelectorAll(".table, .table-scroll")) {
    watcher.observe(box);
  }
});
