// The biologist's reading: j and k move from row to row, s ticks the current one, a approves it, r answers or sends back.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("readingRows", () => ({
    init() {
      this.$store.drafts.arrive();
      // From here on the current row is shown whole, and the others in two lines.
      this.$root.classList.add("is-brief");
      const wanted = this.arrivedAt();
      if (wanted && (document.activeElement === document.body || window.location.hash)) {
        this.setCurrent(wanted);
      }
    },

    // After an act, the address names the place on the screen where the reading goes on; the last row when none is there.
    // From the case of a row, it names the row.
    arrivedAt() {
      const rows = this.rows();
      const opened = rows.find((row) => `#${row.id}` === window.location.hash);
      if (opened) {
        return opened;
      }
      const rank = /^#rang-(\d{1,2})$/.exec(window.location.hash);
      return rows[rank ? Math.min(Math.max(Number(rank[1]), 1), rows.length) - 1 : 0];
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
      } else if (key === "s" && current) {
        event.preventDefault();
        this.press(current.querySelector("input[data-tick]"));
      } else if ((key === "a" || key === "g" || key === "r") && current) {
        // What is meant is the current row; one that has an alert is opened, never approved from here.
        event.preventDefault();
        this.press(current.querySelector(`[data-act="${key}"]`) || (key === "a" ? current.querySelector("[data-open]") : null));
      }
    },

    press(element) {
      if (!element) {
        return;
      }
      element.click();
      if (element.matches("summary")) {
        const first = element.parentElement.querySelector("input:not([type=hidden])");
        (first || element).focus();
      }
    },

    rows() {
      return Array.from(this.$root.querySelectorAll("tr[data-row]"));
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
