// Undoing goes decision by decision: a key pressed twice while the server answers must not take back two.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("undoNewest", () => ({
    isSent: false,

    submit(event) {
      if (this.isSent) {
        event.preventDefault();
      } else if (!navigator.onLine) {
        event.preventDefault();
        this.$dispatch("announce", "Pas de réseau : rien n’a été annulé.");
      } else {
        this.isSent = true;
      }
    },

    /** The browser may show again a page that it kept. */
    wake() {
      this.isSent = false;
    },
  }));
});
