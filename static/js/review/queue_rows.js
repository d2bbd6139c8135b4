// The queue: j and k move from row to row, v opens the current one, s ticks it. The row that was just left is current.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("queueRows", () => ({
    init() {
      this.$store.drafts.arrive();
      this.comeBack();
      // The browser goes to the row that the address names once the page is there, and takes the focus away.
      const again = () => {
        if (document.activeElement === document.body) {
          this.comeBack();
        }
      };
      window.addEventListener("load", () => requestAnimationFrame(() => setTimeout(again)), { once: true });
    },

    onKey(event) {
      const { key } = event.detail;
      const current = this.$root.querySelector("tr.is-current");
      if (key === "j" || key === "k") {
        event.preventDefault();
        this.move(key === "j" ? 1 : -1);
      } else if (key === "v" && current) {
        event.preventDefault();
        current.querySelector("[data-open]").click();
      } else if ((key === "s" || key === "g") && current) {
        // What is meant is the current row, not the first one that carries the key.
        event.preventDefault();
        const wanted = key === "s" ? `[data-key="s"], input[data-tick]` : `[data-key="g"]`;
        const element = current.querySelector(wanted);
        if (element) {
          element.click();
        }
      }
    },

    rows() {
      return Array.from(this.$root.querySelectorAll("tr[data-row]"));
    },

    /** Make the row that was just looked at the current one, where the list holds it. */
    comeBack() {
      const named = /^#ligne-(\d+)$/.exec(location.hash);
      const row = named ? named[1] : this.$store.drafts.lastRow(this.$root.dataset.place);
      const last = row ? document.getElementById(`ligne-${row}`) : null;
      if (last) {
        this.setCurrent(last);
      }
    },

    move(step) {
      const rows = this.rows();
      if (rows.length === 0) {
        return;
      }
      const current = rows.findIndex((row) => row.classList.contains("is-current"));
      this.setCurrent(rows[Math.min(Math.max(current + step, 0), rows.length - 1)]);
    },

    setCurrent(wanted) {
      this.rows().forEach((row) => row.classList.toggle("is-current", row === wanted));
      wanted.querySelector("[data-open]").focus({ preventScroll: true });
      wanted.scrollIntoView({ block: "nearest" });
    },
  }));
});
