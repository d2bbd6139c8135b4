// What a screen reader is told: the fact just recorded when the page opens, then whatever "announce" events say.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("announcer", () => ({
    text: "",

    init() {
      const done = document.querySelector("[data-done] p");
      this.text = done ? done.firstChild.textContent.trim() : "";
    },

    say(event) {
      // The same words again are told again: the region must change in between.
      this.text = "";
      this.$nextTick(() => {
        this.text = event.detail;
      });
    },
  }));
});
