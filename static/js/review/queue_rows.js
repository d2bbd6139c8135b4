// The queue: j and k move from row to row, v opens the current one.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("queueRows", () => ({
    onKey(event) {
      const { key } = event.detail;
      if (key === "j" || key === "k") {
        event.preventDefault();
        this.move(key === "j" ? 1 : -1);
      } else if (key === "v") {
        const link = this.$root.querySelector("tr.is-current [data-open]");
        if (link) {
          event.preventDefault();
          link.click();
        }
      }
    },

    move(step) {
      const rows = Array.from(this.$root.querySelectorAll("tr[data-row]"));
      if (rows.length === 0) {
        return;
      }
      const current = rows.findIndex((row) => row.classList.contains("is-current"));
      const next = rows[Math.min(Math.max(current + step, 0), rows.length - 1)];
      rows.forEach((row) => row.classList.toggle("is-current", row === next));
      next.querySelector("[data-open]").focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    },
  }));
});
