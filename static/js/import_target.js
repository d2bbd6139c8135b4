// Import: the name of a new catalogue is asked for only when a new catalogue is chosen.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("importTarget", () => ({
    isExisting: false,

    init() {
      this.look();
    },

    look() {
      this.isExisting = this.$root.querySelector("[data-target]").value !== "";
    },
  }));
});
