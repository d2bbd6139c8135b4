// Whether letters and digits alone act: each person may switch that off, in this browser.
"use strict";

document.addEventListener("alpine:init", () => {
  const keyOf = (person) => `raccourcis:${person}`;

  Alpine.store("keys", {
    areOn: true,

    load(person) {
      try {
        this.areOn = localStorage.getItem(keyOf(person)) !== "non";
      } catch (_error) {
        this.areOn = true;
      }
      this.showHints();
    },

    set(person, areOn) {
      this.areOn = areOn;
      try {
        if (areOn) {
          localStorage.removeItem(keyOf(person));
        } else {
          localStorage.setItem(keyOf(person), "non");
        }
      } catch (_error) {
        // Kept for this page only.
      }
      this.showHints();
    },

    showHints() {
      document.documentElement.toggleAttribute("data-keys-off", !this.areOn);
    },
  });
});
