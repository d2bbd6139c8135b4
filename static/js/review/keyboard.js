// The keys of the review: one table, which also writes its own help.
//
// A key is first told to the page as a "review-key" event; a component that has its own use for it prevents the
// default. Otherwise the key acts on the visible element that carries the same data-key: a link is followed, a
// button or a summary is pressed, a field is focused. Letters are read from event.key; digits from event.code,
// because the digits of a French keyboard need Shift.
"use strict";

document.addEventListener("alpine:init", () => {
  const KEYS = [
    { key: "j", label: "Ligne suivante", where: "queue case", repeats: true },
    { key: "k", label: "Ligne précédente", where: "queue case", repeats: true },
    { key: "1–5", label: "Choisir le candidat, ou le motif dans un panneau ouvert", where: "case" },
    { key: "v", label: "Accepter le code choisi ; dans la file, ouvrir la ligne", where: "queue case" },
    { key: "Entrée", label: "Comme v", where: "queue case", name: "Enter", acts: "v" },
    { key: "n", label: "Aucun code LOINC, puis le motif", where: "case" },
    { key: "h", label: "Hors périmètre, puis le motif", where: "case" },
    { key: "d", label: "Signaler un doute", where: "case" },
    { key: "c", label: "Écrire un commentaire", where: "case" },
    { key: "z", label: "Annuler ma dernière décision", where: "queue case" },
    { key: "a", label: "Approuver (biologiste)", where: "case" },
    { key: "r", label: "Renvoyer au transcodeur (biologiste)", where: "case" },
    { key: "e", label: "Afficher ou cacher les explications", where: "case" },
    { key: "p", label: "Voir plus de propositions", where: "case" },
    { key: "u", label: "Revenir à la file", where: "case" },
    { key: "/", label: "Chercher", where: "queue case" },
    { key: "?", label: "Cette aide", where: "queue case" },
    { key: "Échap", label: "Quitter la saisie", where: "queue case", name: "Escape" },
  ];

  function isTyping(element) {
    return element.isContentEditable || element.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  }

  function act(element) {
    if (element.matches("textarea, input:not([type=checkbox], [type=radio])")) {
      element.focus();
      element.select();
      return;
    }
    if (element.form && element.type === "submit" && !element.form.reportValidity()) {
      return;
    }
    const panel = element.matches("summary") ? element.parentElement : null;
    if (!panel || !panel.open || panel.contains(document.activeElement)) {
      element.click();
    }
    if (panel) {
      const first = panel.open ? panel.querySelector("input:checked, input:not([type=hidden]), textarea") : element;
      (first || element).focus();
    }
  }

  function leaveField() {
    const field = document.activeElement;
    if (field && isTyping(field)) {
      field.blur();
      const title = document.querySelector("[data-review] h1");
      if (title) {
        title.focus({ preventScroll: true });
      }
    }
  }

  Alpine.data("reviewKeyboard", () => ({
    help: [],

    /** The keys of this screen, queue or case. */
    known() {
      return KEYS.filter((entry) => entry.where.split(" ").includes(this.$root.dataset.screen));
    },

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
        return;
      }
      const target = event.target instanceof Element ? event.target : document.body;
      if (target.closest("dialog") || (isTyping(target) && event.key !== "Escape")) {
        return;
      }
      const digit = /^(?:Digit|Numpad)([1-5])$/.exec(event.code);
      if (digit && this.$root.dataset.screen === "case") {
        event.preventDefault();
        this.tell(target, digit[1]);
        return;
      }
      const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const entry = this.known().find((item) => (item.name || item.key) === pressed);
      if (!entry) {
        return;
      }
      if (event.repeat && !entry.repeats) {
        event.preventDefault();
        return;
      }
      // Enter keeps its own meaning on what it can press; on a radio button it submits that button's form.
      if (entry.name === "Enter" && target.matches("a, button, summary, input")) {
        return;
      }
      if (entry.name === "Escape") {
        leaveField();
        return;
      }
      event.preventDefault();
      if (entry.key === "?") {
        this.showHelp();
      } else {
        this.tell(target, entry.acts || entry.key);
      }
    },

    /** Tell the page of a key; the element that carries it is pressed unless a component took the key. */
    tell(target, key) {
      const event = new CustomEvent("review-key", { detail: { key }, bubbles: true, cancelable: true });
      if (!target.dispatchEvent(event)) {
        return;
      }
      const elements = Array.from(document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`));
      const seen = elements.find((element) => element.offsetParent !== null && !element.closest("[hidden]"));
      if (seen) {
        act(seen);
      }
    },

    showHelp() {
      this.help = this.known();
      this.$refs.help.showModal();
    },
  }));
});
