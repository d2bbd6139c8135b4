// The keys of the review: one table, which also writes its own help.
//
// A key is first told to the page as a "review-key" event; a component that has its own use for it prevents the
// default. Otherwise the key acts on the visible element that carries the same data-key: a link is followed, a
// button or a summary is pressed, a field is focused. Letters are read from event.key; digits from event.code,
// because the digits of a French keyboard need Shift.
"use strict";

document.addEventListener("alpine:init", () => {
  // `needs` says what must be in sight for a key to be of use, where no element carries it.
  const KEYS = [
    { key: "j", label: "Ligne suivante", where: "queue case reading", repeats: true, needs: "tr[data-row]" },
    { key: "k", label: "Ligne précédente", where: "queue case reading", repeats: true, needs: "tr[data-row]" },
    { key: "1–5", label: "Choisir le candidat, ou le motif dans un panneau ouvert", where: "case", needs: ".case input[type=radio]" },
    { key: "v", label: "Accepter le code choisi ; dans la file, ouvrir la ligne", where: "queue case", needs: "tr[data-row]" },
    { key: "Entrée", label: "Comme v", where: "queue case reading", name: "Enter", acts: "v" },
    { key: "x", label: "Écarter le candidat choisi, ou le reprendre", where: "case" },
    { key: "n", label: "Aucun code LOINC, puis le motif", where: "case" },
    { key: "h", label: "Hors périmètre, puis le motif", where: "case" },
    { key: "d", label: "Signaler un doute, avec la question", where: "case" },
    { key: "c", label: "Écrire un commentaire", where: "case" },
    { key: "g", label: "Voir le groupe de la ligne", where: "queue case" },
    { key: "s", label: "Cocher la ligne", where: "queue case", needs: "tr[data-row] input[data-tick]" },
    { key: "f", label: "Poser un repère, ou le retirer", where: "case" },
    { key: "z", label: "Annuler ma dernière décision, puis les précédentes", where: "queue case" },
    { key: "a", label: "Approuver (biologiste)", where: "case" },
    { key: "r", label: "Renvoyer au transcodeur (biologiste)", where: "case" },
    { key: "e", label: "Afficher ou cacher les explications", where: "case" },
    { key: "p", label: "Voir plus de propositions", where: "case" },
    { key: "u", label: "Revenir à la file", where: "case" },
    { key: "/", label: "Chercher", where: "queue case" },
    { key: "v", label: "Ouvrir la ligne", where: "reading", needs: "tr[data-row]" },
    { key: "s", label: "Cocher la ligne, si elle n’a aucune alerte", where: "reading", needs: "tr[data-row] input[data-tick]" },
    { key: "t", label: "Cocher les lignes sans alerte de cet écran", where: "reading" },
    { key: "m", label: "Approuver les lignes cochées : une page les nomme d’abord", where: "reading" },
    { key: "l", label: "Approuver le chapitre, sauf les lignes qui ont une alerte : une page les nomme d’abord", where: "reading" },
    { key: "g", label: "Approuver le groupe de la ligne : une page le nomme d’abord", where: "reading", needs: "[data-act=g]" },
    { key: "a", label: "Approuver la ligne ; l’ouvrir si elle a une alerte", where: "reading", needs: "[data-act]" },
    { key: "r", label: "Renvoyer avec une question ; répondre à un doute", where: "reading", needs: "[data-act=r]" },
    { key: "n", label: "Écran suivant", where: "reading" },
    { key: "p", label: "Écran précédent", where: "reading" },
    { key: "y", label: "Chapitre suivant", where: "reading" },
    { key: "w", label: "Chapitre précédent", where: "reading" },
    { key: "u", label: "Revenir à la liste", where: "reading" },
    { key: "a", label: "Approuver les lignes nommées", where: "confirm" },
    { key: "n", label: "Lignes suivantes du chapitre", where: "confirm" },
    { key: "u", label: "Revenir sans approuver", where: "confirm" },
    { key: "u", label: "Continuer la lecture", where: "batch" },
    { key: "z", label: "Reprendre le lot, avec le motif", where: "batch" },
    { key: "?", label: "Cette aide", where: "queue case reading confirm batch" },
    { key: "Échap", label: "Fermer le panneau, quitter la saisie", where: "queue case reading confirm batch", name: "Escape", needs: "body" },
  ];
  const FIRST = "input:checked, input:not([type=hidden]), textarea, button";

  function isTyping(element) {
    return element.isContentEditable || element.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  }

  /** The first of these elements that is in sight. */
  function inSight(selector) {
    return Array.from(document.querySelectorAll(selector)).find((element) => element.checkVisibility());
  }

  const carrying = (key) => `[data-key="${CSS.escape(key)}"]`;

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
      const first = panel.open ? panel.querySelector(FIRST) : element;
      (first || element).focus();
    }
  }

  /** Escape: close the panel in which one is, or the one that is open; else give the field up. */
  function close() {
    const active = document.activeElement;
    const around = active && active.closest("details.panel[open]");
    const panel = around || (active && isTyping(active) ? null : inSight("details.panel[open]"));
    if (panel) {
      panel.open = false;
      panel.querySelector("summary").focus();
    } else if (active && isTyping(active)) {
      active.blur();
      const title = document.querySelector("[data-review] h1");
      if (title) {
        title.focus({ preventScroll: true });
      }
    }
  }

  Alpine.data("reviewKeyboard", () => ({
    help: [],

    init() {
      this.$store.keys.load(this.$root.dataset.person);
    },

    switchKeys(event) {
      this.$store.keys.set(this.$root.dataset.person, event.target.checked);
    },

    /** The keys of this screen, queue or case. */
    known() {
      return KEYS.filter((entry) => entry.where.split(" ").includes(this.$root.dataset.screen));
    },

    /** Those that this person may use on what she sees. */
    usable() {
      const isUsable = (entry) =>
        inSight(carrying(entry.key)) || (entry.needs && document.querySelector(entry.needs));
      const usable = this.known().filter((entry) => isUsable(entry));
      const keys = new Set(usable.map((entry) => entry.key));
      return this.known().filter((entry) => keys.has(entry.acts || entry.key));
    },

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
        return;
      }
      const target = event.target instanceof Element ? event.target : document.body;
      if (target.closest("dialog") || (isTyping(target) && event.key !== "Escape")) {
        return;
      }
      if (!this.$store.keys.areOn && event.key !== "Escape") {
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
        if (isTyping(target)) {
          // A browser would empty a field of search.
          event.preventDefault();
        }
        // What opened something over the page closes it itself; else what carries data-escape is pressed.
        if (this.say(target, "Escape")) {
          const closer = inSight("[data-escape]");
          if (closer) {
            closer.click();
          } else {
            close();
          }
        }
        return;
      }
      event.preventDefault();
      if (entry.key === "?") {
        this.showHelp();
      } else {
        this.tell(target, entry.acts || entry.key);
      }
    },

    /** Tell the page of a key; false when a component took it. */
    say(target, key) {
      return target.dispatchEvent(new CustomEvent("review-key", { detail: { key }, bubbles: true, cancelable: true }));
    },

    /** Tell the page of a key; the element that carries it is pressed unless a component took the key. */
    tell(target, key) {
      const seen = this.say(target, key) ? inSight(carrying(key)) : null;
      if (seen) {
        act(seen);
      }
    },

    showHelp() {
      this.help = this.usable();
      this.$refs.help.showModal();
    },
  }));
});
