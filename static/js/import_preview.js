// Preview of an import: a choice that changes how a file is read refreshes the preview at once, at the same place.
"use strict";

document.addEventListener("alpine:init", () => {
  const PLACE = "import-scroll";

  Alpine.data("importPreview", () => ({
    init() {
      const place = sessionStorage.getItem(PLACE);
      if (place !== null) {
        sessionStorage.removeItem(PLACE);
        window.scrollTo(0, Number(place));
      }
    },

    refresh(event) {
      if (event.target.hasAttribute("data-refresh")) {
        sessionStorage.setItem(PLACE, String(window.scrollY));
        this.$root.requestSubmit(this.$root.querySelector("[data-refresh-button]"));
      }
    },
  }));
});
