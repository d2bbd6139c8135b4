// The approval list: tick all the rows that may be ticked, and say how many are.
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

    look() {
      const boxes = this.boxes();
      const ticked = boxes.filter((box) => box.checked).length;
      this.count = ticked ? ` (${ticked})` : "";
      const all = this.$root.querySelector("[data-tick-all]");
      if (all) {
        all.checked = ticked > 0 && ticked === boxes.length;
        all.indeterminate = ticked > 0 && ticked < boxes.length;
      }
    },

    tickAll(event) {
      for (const box of this.boxes()) {
        box.checked = event.target.checked;
      }
    },
  }));
});
