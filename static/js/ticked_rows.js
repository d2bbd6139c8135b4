// Lists of rows to tick: how many are, and all those that may be at once.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("tickedRows", () => ({
    count: "",

    // The browser may have kept ticks from an earlier visit.
    init() {
      this.look();
    },

    boxes() {
      return Array.from(this.$root.querySelectorAll("input[data-tick]"));
    },

    // « Sans alerte » means none, of any kind: a row with an alert is ticked by itself.
    meant(all) {
      const isCareful = all.dataset.tickAll === "sans-alerte";
      return this.boxes().filter((box) => !isCareful || box.dataset.tick !== "alerte");
    },

    look() {
      const ticked = this.boxes().filter((box) => box.checked).length;
      this.count = ticked ? ` (${ticked})` : "";
      const all = this.$root.querySelector("[data-tick-all]");
      if (all) {
        const meant = this.meant(all);
        all.checked = meant.length > 0 && meant.every((box) => box.checked);
        all.indeterminate = ticked > 0 && !all.checked;
      }
    },

    tickAll(event) {
      for (const box of this.meant(event.target)) {
        box.checked = event.target.checked;
      }
    },
  }));
});
