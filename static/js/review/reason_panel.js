// An open panel of reasons: while the focus is in it, a digit chooses the reason of that number.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("reasonPanel", () => ({
    onKey(event) {
      const radios = this.$root.querySelectorAll("input[type=radio]");
      if (!/^\d$/.test(event.detail.key) || !this.$root.open || radios.length === 0) {
        return;
      }
      // The digit is the panel's: the candidates do not hear of it.
      event.preventDefault();
      event.stopPropagation();
      const radio = radios[Number(event.detail.key) - 1];
      if (radio) {
        radio.checked = true;
        radio.focus();
        radio.dispatchEvent(new Event("change", { bubbles: true }));
      }
    },
  }));
});
