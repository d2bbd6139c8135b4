// What is typed on a row and not yet recorded, kept in this tab: it survives every move from row to row, and is
// forgotten once recorded and when the person signs out. Nothing of it is sent.
"use strict";

document.addEventListener("alpine:init", () => {
  const PREFIX = "brouillon:";
  const SENDING = "brouillon-envoi";
  const LAST_ROW = "derniere-ligne:";
  const TEXTS = "textarea[name], input[type=text][name], input[type=search][name], input[name]:not([type])";
  const REASONS = "input[type=radio][name=reason]";

  function load(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key)) || {};
    } catch (_error) {
      return {};
    }
  }

  function store(key, values) {
    try {
      if (Object.keys(values).length === 0) {
        sessionStorage.removeItem(key);
      } else {
        sessionStorage.setItem(key, JSON.stringify(values));
      }
    } catch (_error) {
      // A browser that keeps nothing: what is typed lives as long as its page.
    }
  }

  const keyOf = (element) => PREFIX + element.dataset.draft;
  const nameOf = (field) => (field.type !== "radio" && field.id) || `${field.form ? field.form.id : ""}.${field.name}`;

  /** The names of what a form carries away when it is recorded, among what is kept of its row. */
  function carried(form, data, kept) {
    const names = Object.keys(kept);
    if (data.get("action") === "comment") {
      return names.filter((name) => name === "form-choix.comment");
    }
    if (form.dataset.optimistic) {
      // The row is decided: only a comment that did not go along is still to be said.
      return names.filter((name) => name !== "form-choix.comment" || data.has("comment"));
    }
    const own = Array.from(form.elements, nameOf);
    return names.filter((name) => own.includes(name));
  }

  Alpine.store("drafts", {
    /** Keep what is being typed, or the reason just picked. */
    note(event) {
      const field = event.target;
      const element = field.closest("[data-draft]");
      if (!element || !field.matches(`${TEXTS}, ${REASONS}`)) {
        return;
      }
      const kept = load(keyOf(element));
      if (field.value === field.defaultValue && field.type !== "radio") {
        delete kept[nameOf(field)];
      } else {
        kept[nameOf(field)] = field.value;
      }
      store(keyOf(element), kept);
    },

    /** Write again in a row what was typed there before, and open the panel where it was. */
    restore(element) {
      const kept = load(keyOf(element));
      const isSearching = new URL(location.href).searchParams.has("recherche");
      for (const field of element.querySelectorAll(`${TEXTS}, ${REASONS}`)) {
        const value = kept[nameOf(field)];
        if (value === undefined || (field.name === "recherche" && isSearching)) {
          continue;
        }
        if (field.type === "radio") {
          field.checked = field.value === value;
          continue;
        }
        field.value = value;
        const panel = field.closest("details.panel");
        if (panel && value.trim()) {
          panel.open = true;
        }
      }
    },

    /** A row comes in sight: what was typed on it is there again, and the list will show where one is. */
    settle(element) {
      this.restore(element);
      this.setLastRow(element);
    },

    /** What a form about to be sent will have recorded; to be given to `forget` once it is. */
    sending(element, form, data) {
      const key = keyOf(element);
      const kept = load(key);
      return { key, values: Object.fromEntries(carried(form, data, kept).map((name) => [name, kept[name]])) };
    },

    /** Forget what was recorded; what was typed over it meanwhile stays. */
    forget({ key, values }) {
      const kept = load(key);
      for (const [name, value] of Object.entries(values)) {
        if (kept[name] === value) {
          delete kept[name];
        }
      }
      store(key, kept);
    },

    /** A form leaves with its page: the next page says whether it was recorded. */
    leave(element, form, data) {
      store(SENDING, this.sending(element, form, data));
    },

    /** On a new page: forget what the last form took along if this page says that it was recorded. */
    arrive() {
      const sent = load(SENDING);
      store(SENDING, {});
      if (sent.refusedAt) {
        // A refusal is shown at the address of the act; what is recorded leads elsewhere.
        if (location.pathname !== sent.refusedAt) {
          this.forget(sent);
        }
        return;
      }
      const done = document.querySelector("[data-done][data-served]");
      if (sent.key && done && sent.key.endsWith(`:${done.dataset.row}`)) {
        this.forget(sent);
      }
    },

    /** A form of a page that no script sends: the same, told by where it leads. */
    leavePage(element, form, data) {
      // The attribute, not the property: a button named "action" hides it.
      const refusedAt = new URL(form.getAttribute("action") || "", location.href).pathname;
      const { key } = this.sending(element, form, data);
      store(SENDING, { key, values: load(key), refusedAt });
    },

    /** Pages that only write again what was typed: blind reading, group, reconciliation, list of approvals. */
    settlePage() {
      this.arrive();
      document.querySelectorAll("[data-draft-page]").forEach((element) => this.restore(element));
    },

    /** The row that was last looked at, for the list to show where one was. */
    setLastRow(element) {
      const [person, catalogue, row] = element.dataset.draft.split(":");
      store(`${LAST_ROW}${person}:${catalogue}`, { row });
    },

    lastRow(place) {
      return load(LAST_ROW + place).row || "";
    },

    /** Decisions that were not recorded and whose rows are not in sight, by address. */
    failures(element) {
      return load(`echecs:${element.dataset.draft.split(":").slice(0, 2).join(":")}`);
    },

    setFailures(element, failures) {
      store(`echecs:${element.dataset.draft.split(":").slice(0, 2).join(":")}`, failures);
    },
  });

  document.addEventListener("alpine:initialized", () => Alpine.store("drafts").settlePage(), { once: true });
  document.addEventListener("submit", (event) => {
    const element = event.target.closest("[data-draft-page]");
    if (element && !event.defaultPrevented && event.target.method === "post") {
      Alpine.store("drafts").leavePage(element, event.target, new FormData(event.target, event.submitter));
    }
  });
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => Alpine.store("drafts").note(event));
  }
});
