// The case: which candidate is chosen, by mouse or digit, and whether the choice may be sent.
"use strict";

document.addEventListener("alpine:init", () => {
  const FILLERS = /[\u115f\u1160\u3164\uffa0]/g;
  const HOW_MUCH = "trois lettres ou chiffres au moins, dont deux différents";

  /** Whether somebody wrote something, as the server judges it. */
  function isWritten(text) {
    const signs = text.replace(FILLERS, "").toLowerCase().match(/[\p{L}\p{N}]/gu) || [];
    return signs.length >= 3 && new Set(signs).size >= 2;
  }

  Alpine.data("caseChoice", () => ({
    chosen: "",
    // The code whose justification was asked for, or looked at: what is there was not typed for another one.
    askedFor: "",

    init() {
      this.look();
      this.$root.addEventListener("focusin", (event) => {
        if (event.target === this.justification()) {
          this.askedFor = this.chosen;
        }
      });
    },

    radios() {
      return Array.from(this.$root.querySelectorAll("input[data-col]"));
    },

    /** A candidate chosen by the mouse leads to its justification; the arrows go on from candidate to candidate. */
    pointed(event) {
      const label = event.detail > 0 ? event.target.closest(".pick label") : null;
      const radio = label && label.querySelector("input[data-col]");
      if (radio) {
        this.$nextTick(() => this.leadToJustification(radio));
      }
    },

    look() {
      const radio = this.radios().find((item) => item.checked);
      this.chosen = radio ? radio.value : "";
      this.suggest(this.chosen);
    },

    /** The relation and the comment of earlier work go with its code, and with no other; what was typed stays. */
    suggest(code) {
      for (const field of this.$root.querySelectorAll("[data-suggested]")) {
        const { suggested, suggestedFor } = field.dataset;
        const usual = field.tagName === "SELECT" ? "equivalent" : "";
        if (code === suggestedFor && field.value === usual) {
          field.value = suggested;
        } else if (code !== suggestedFor && field.value === suggested) {
          field.value = usual;
        }
      }
    },

    onKey(event) {
      const { key } = event.detail;
      if (/^\d$/.test(key)) {
        event.preventDefault();
        this.choose(key);
      } else if (key === "v") {
        this.acceptNoTest(event);
      } else if (key === "x") {
        this.setAside(event);
      }
    },

    /** x sets the chosen candidate aside, or takes it back: the button of its column says which. */
    setAside(event) {
      const buttons = Array.from(this.$root.querySelectorAll("button[data-key=x]"));
      const button = buttons.find((item) => item.value === this.chosen);
      event.preventDefault();
      if (button) {
        button.click();
      } else if (buttons.length > 0) {
        this.$dispatch("announce", "Choisissez d'abord un candidat.");
      }
    },

    choose(digit) {
      const radio = this.radios().find((item) => item.dataset.digit === digit);
      if (radio) {
        radio.checked = true;
        radio.focus({ preventScroll: true });
        this.look();
        // The focus stays where letters are keys: those that follow are never taken for a justification.
        const asks = this.asksWhy(radio) ? ", contredit : v demande une justification" : "";
        this.$dispatch("announce", `Candidat ${digit} : ${radio.value}${asks}`);
      }
    },

    justification() {
      return this.$root.querySelector("[name=justification][form=form-choix]");
    },

    asksWhy(radio) {
      return radio.hasAttribute("data-blocking") && this.justification() !== null;
    },

    /** First of the two gestures that a blocked code takes by the mouse: it is selected, and the focus asks why. */
    leadToJustification(radio) {
      if (this.asksWhy(radio)) {
        this.justification().focus({ preventScroll: true });
      }
    },

    /** Where the engine sees no analysis and no candidate is chosen, its proposal is what v accepts. */
    acceptNoTest(event) {
      const button = this.$root.querySelector("[data-accept-nontest]");
      if (button && !this.chosen && button.offsetParent !== null) {
        event.preventDefault();
        if (button.form.reportValidity()) {
          button.click();
        }
      }
    },

    /** Stop a choice that the server would refuse, and lead to what is missing. */
    check(event) {
      const { target: form, submitter } = event;
      if (form.id === "form-doute") {
        // A doubt goes with the comment written beside it, and with the code in sight.
        form.elements.namedItem("comment").value = this.$root.querySelector("[name=comment][form=form-choix]").value;
        form.elements.namedItem("retenir").value = this.chosen;
      }
      if (form.id !== "form-choix" || (submitter && submitter.hasAttribute("data-full-page"))) {
        return;
      }
      const missing = this.missing(submitter);
      if (missing) {
        event.preventDefault();
        this.$dispatch("announce", missing);
      }
    },

    /** What the choice still lacks, as a sentence, with the focus on it; empty when nothing. */
    missing(submitter) {
      const taken = submitter && submitter.name === "retenir" ? submitter.value : null;
      const radio = this.radios().find((item) => (taken ? item.value === taken : item.checked));
      if (!radio) {
        return "Choisissez d'abord un candidat.";
      }
      this.suggest(radio.value);
      const justification = this.justification();
      // Two gestures, also where a justification was typed for another code: the first one shows it.
      const isFirst = !radio.checked || this.askedFor !== radio.value;
      if (this.asksWhy(radio) && (isFirst || !isWritten(justification.value))) {
        radio.checked = true;
        this.look();
        justification.focus();
        this.askedFor = radio.value;
        const asked = "Un contrôle bloquant s'oppose à ce code : écrivez une justification, ou choisissez un autre code";
        return justification.value.trim() ? `${asked} (${HOW_MUCH}).` : `${asked}.`;
      }
      const reopening = this.$root.querySelector("#motif-reouverture");
      if (reopening && !isWritten(reopening.value)) {
        reopening.focus();
        return `La ligne est approuvée : écrivez le motif de la réouverture (${HOW_MUCH}).`;
      }
      return "";
    },
  }));
});
