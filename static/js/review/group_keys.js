// The group of a row by the keyboard: digits choose, j and k move, s ticks, v n h d decide; off while typing.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("groupKeys", () => ({
    place: -1,

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
        return;
      }
      const target = event.target instanceof Element ? event.target : document.body;
      const isTyping = target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
      if (isTyping) {
        if (event.key === "Escape") {
          target.blur();
        }
        return;
      }
      const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (digit) {
        this.choose(event, digit[1]);
      } else if (key === "j" || key === "k") {
        event.preventDefault();
        this.move(key === "j" ? 1 : -1);
      } else if (key === "s") {
        event.preventDefault();
        this.tick();
      } else if (key === "Escape") {
        document.querySelector("[data-key=Escape]").click();
      } else if (!event.repeat) {
        const button = this.$root.querySelector(`[data-group-key="${CSS.escape(key)}"]`);
        if (button) {
          event.preventDefault();
          button.click();
        }
      }
    },

    choose(event, digit) {
      const radio = this.$root.querySelector(`[data-digit="${digit}"]`);
      if (radio) {
        event.preventDefault();
        radio.checked = true;
        radio.focus({ preventScroll: true });
      }
    },

    rows() {
      return Array.from(this.$root.querySelectorAll("tr[data-row]"));
    },

    move(step) {
      const rows = this.rows();
      this.place = Math.min(Math.max(this.place + step, 0), rows.length - 1);
      rows.forEach((row, index) => row.classList.toggle("is-current", index === this.place));
      const row = rows[this.place];
      if (row) {
        (row.querySelector("[data-tick]") || row.querySelector("a")).focus({ preventScroll: true });
        row.scrollIntoView({ block: "nearest" });
      }
    },

    tick() {
      const row = this.rows()[this.place];
      const box = row && row.querySelector("[data-tick]");
      if (box) {
        box.checked = !box.checked;
        box.dispatchEvent(new Event("change", { bubbles: true }));
      }
    },
  }));
});
