// A decision refused because somebody else decided since: both are shown side by side, without leaving the page.
// What was typed stays in the case that was sent, and is copied into its new version when one decides again.
"use strict";

document.addEventListener("alpine:init", () => {
  const NOTHING = { what: "", code: "", name: "", said: "" };

  /** The fields of a case that a person fills, by the name and the form that tell them apart. */
  function fieldsOf(element) {
    const fields = new Map();
    for (const field of element.querySelectorAll("textarea[name], select[name], input[name]:not([type=hidden])")) {
      const form = field.getAttribute("form") || (field.form ? field.form.getAttribute("action") : "");
      const isChoice = field.type === "radio" || field.type === "checkbox";
      fields.set(`${form} ${field.name} ${isChoice ? field.value : ""}`, field);
    }
    return fields;
  }

  /** Put what was typed and chosen in one copy of a case into another. */
  function copyTyped(from, to) {
    const typed = fieldsOf(from);
    for (const [key, field] of fieldsOf(to)) {
      const old = typed.get(key);
      if (!old) {
        continue;
      }
      if (field.type === "radio" || field.type === "checkbox") {
        field.checked = old.checked;
      } else if (old.value) {
        field.value = old.value;
      }
    }
  }

  Alpine.data("conflictPanel", () => {
    let sent = null;

    return {
      newer: [],
      mine: NOTHING,
      row: "",
      heading: "",

      get isClosed() {
        return this.newer.length === 0;
      },

      refused(event) {
        const { outcome } = event.detail;
        if (!outcome.conflict) {
          return;
        }
        sent = event.detail.sent;
        this.newer = outcome.conflict.newer;
        this.mine = outcome.conflict.mine;
        // The title of the page without the name of the application.
        this.row = sent.title.replace(/ — [^—]*$/, "");
        this.heading = outcome.conflict.heading;
        this.showStatus(sent.element, outcome.conflict.status);
        this.$nextTick(() => this.$root.focus());
      },

      /** The row as it stands now, where the page that was put back still says what it was. */
      showStatus(element, { text, chip, icon }) {
        const shown = element.querySelector("[data-status-chip] .chip");
        if (shown) {
          shown.className = `chip ${chip}`;
          shown.firstElementChild.textContent = icon;
          shown.lastChild.textContent = ` ${text}`;
        }
      },

      close() {
        this.newer = [];
        this.mine = NOTHING;
      },

      /** The other decision stands: on to the next row, or back to what was being looked at. */
      keepTheirs() {
        const isShown = this.current() === sent.element;
        const next = sent.element.dataset.nextDecide;
        this.close();
        if (isShown && next) {
          location.assign(next);
        } else if (!isShown) {
          this.current().querySelector("h1").focus({ preventScroll: true });
        } else {
          location.reload();
        }
      },

      /** The row as it is now, with what was typed; the next decision is made on that version. */
      async decideAgain() {
        let next = null;
        try {
          const answer = await fetch(sent.address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
          const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
          next = page && page.getElementById("cas");
        } catch (_error) {
          next = null;
        }
        if (!next) {
          this.$dispatch("announce", "La ligne n’a pas pu être relue : réessayez dans un instant.");
          return;
        }
        const element = document.importNode(next, true);
        copyTyped(sent.element, element);
        const { address, title } = sent;
        this.close();
        this.show(element, address, title);
      },
    };
  });
});
