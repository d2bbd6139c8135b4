// The rows ticked in the queue, kept in this tab by catalogue and filter: they survive every return and a reload, and
// are forgotten once a batch is asked for with them.
"use strict";

document.addEventListener("alpine:init", () => {
  const PREFIX = "coches:";
  const ACTED = "coches-envoi";
  // Where one is in the list, and what was just said there: the ticks are those of the filter.
  const OTHERWISE = ["fait", "au_dela", "page", "tri", "sens", "taille"];

  function read(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key)) || [];
    } catch (_error) {
      return [];
    }
  }

  function keep(key, rows) {
    try {
      if (rows.length > 0) {
        sessionStorage.setItem(key, JSON.stringify(rows));
      } else {
        sessionStorage.removeItem(key);
      }
    } catch (_error) {
      // A browser that keeps nothing: ticks live as long as their page.
    }
  }

  function keyOf(queue) {
    const asked = new URLSearchParams(location.search);
    OTHERWISE.forEach((name) => asked.delete(name));
    asked.sort();
    return `${PREFIX}${queue.dataset.place}?${asked}`;
  }

  function restore() {
    const queue = document.querySelector("[data-review=queue]");
    if (queue) {
      const rows = new Set(read(keyOf(queue)));
      queue.querySelectorAll("input[data-tick]").forEach((box) => {
        box.checked = rows.has(box.value);
      });
    }
  }

  document.addEventListener("change", (event) => {
    const queue = event.target.closest("[data-review=queue]");
    if (queue && event.target.matches("input[data-tick]")) {
      const rows = new Set(read(keyOf(queue)));
      if (event.target.checked) {
        rows.add(event.target.value);
      } else {
        rows.delete(event.target.value);
      }
      keep(keyOf(queue), Array.from(rows));
    }
  });
  document.addEventListener("submit", (event) => {
    const queue = event.target.closest("[data-review=queue]");
    if (queue && event.target.id === "form-lot") {
      keep(ACTED, [keyOf(queue)]);
    } else if (event.target.matches("[data-asks-batch]")) {
      read(ACTED).forEach((key) => keep(key, []));
      keep(ACTED, []);
    }
  });
  restore();
  window.addEventListener("pageshow", restore);
});
