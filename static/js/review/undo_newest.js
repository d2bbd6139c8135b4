// Undoing goes decision by decision: a key pressed while the server answers waits for its turn, and is served by the
// page that comes, in order. A button pressed twice by the mouse takes back one.
"use strict";

document.addEventListener("alpine:init", () => {
  const WAITING = "annulations";
  // Older presses are forgotten: nobody remembers having made them.
  const PATIENCE_MS = 10000;
  const FORM = "form:has([data-key=z])";

  Alpine.store("undoing", {
    isSent: false,

    /** The presses that no page has served yet. */
    waiting() {
      try {
        const { count, at } = JSON.parse(sessionStorage.getItem(WAITING)) || { count: 0, at: 0 };
        return Date.now() - at < PATIENCE_MS ? count : 0;
      } catch (_error) {
        return 0;
      }
    },

    keep(count) {
      try {
        if (count > 0) {
          sessionStorage.setItem(WAITING, JSON.stringify({ count, at: Date.now() }));
        } else {
          sessionStorage.removeItem(WAITING);
        }
      } catch (_error) {
        // A browser that keeps nothing: the key is pressed again.
      }
    },

    queue() {
      this.keep(this.waiting() + 1);
    },

    /** The next press that waits, where the page says that the one before was served; the others are dropped. */
    serve() {
      this.isSent = false;
      const waiting = this.waiting();
      const buttons = Array.from(document.querySelectorAll("button[data-key=z]"));
      const button = buttons.find((item) => item.checkVisibility());
      if (waiting === 0 || !button || !document.querySelector("[data-done][data-served]")) {
        this.keep(0);
        return;
      }
      this.keep(waiting - 1);
      button.click();
    },
  });

  Alpine.data("undoNewest", () => ({
    submit(event) {
      if (!navigator.onLine) {
        event.preventDefault();
        this.$dispatch("announce", "Pas de réseau : rien n’a été annulé.");
      }
    },

    /** The browser may show again a page that it kept. */
    wake() {
      this.$store.undoing.isSent = false;
    },
  }));

  const undoing = Alpine.store("undoing");
  window.addEventListener("review-key", (event) => {
    if (event.detail.key === "z" && undoing.isSent) {
      event.preventDefault();
      undoing.queue();
    }
  });
  // Before anything else hears of it: the same undo is not sent twice.
  document.addEventListener("submit", (event) => {
    if (undoing.isSent && event.target.matches(FORM)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.matches(FORM)) {
      undoing.isSent = true;
    }
  });
  document.addEventListener("alpine:initialized", () => undoing.serve(), { once: true });
});
