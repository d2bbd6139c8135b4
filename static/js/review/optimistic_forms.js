// Decisions sent in the background: the next case is shown at once, and a refusal puts the row back with its reason.
// Without this file every form works as it is.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("optimisticForms", () => {
    // Forms waiting for the next case, and forms that go the ordinary way because it did not come.
    const waiting = new WeakSet();
    const ordinary = new WeakSet();
    let onTheirWay = 0;
    let isUndoWanted = false;
    // Answers may overtake each other: only the one of the latest decision is shown.
    let sentCount = 0;

    return {
      // What the banner of the current case says: kind is "", "recorded" or "refused".
      kind: "",
      message: "",
      caseAddress: "",
      undoAddress: "",
      version: "",

      get isRecorded() {
        return this.kind === "recorded";
      },

      get isRefused() {
        return this.kind === "refused";
      },

      init() {
        const current = this.current();
        const problem = current.querySelector("[data-problem]");
        if (problem) {
          problem.focus({ preventScroll: true });
        } else if (!location.hash) {
          current.querySelector("h1").focus({ preventScroll: true });
        }
        this.$store.cases.lookAhead(current);
      },

      current() {
        return document.getElementById("cas");
      },

      reload() {
        location.reload();
      },

      /** z takes back the last decision; one that is still on its way is taken back when it arrives. */
      onKey(event) {
        if (event.detail.key === "z" && onTheirWay > 0) {
          event.preventDefault();
          isUndoWanted = true;
          this.$dispatch("announce", "Annulation dès que la décision sera enregistrée.");
        }
      },

      async submit(event) {
        const { target: form, submitter } = event;
        const isOurs = form.dataset.optimistic && !ordinary.has(form) && !event.defaultPrevented;
        if (!isOurs || (submitter && submitter.hasAttribute("data-full-page"))) {
          return;
        }
        if (waiting.has(form)) {
          event.preventDefault();
          return;
        }
        const current = this.current();
        const address = form.dataset.optimistic === "approve" ? current.dataset.nextApprove : current.dataset.nextDecide;
        if (!address || this.$store.cases.isDecided(address)) {
          return;
        }
        event.preventDefault();
        waiting.add(form);
        const next = await this.$store.cases.take(address);
        waiting.delete(form);
        if (!next) {
          ordinary.add(form);
          form.requestSubmit(submitter || undefined);
          return;
        }
        const sent = { element: current, address: location.href, title: document.title, replacement: next.element };
        // The form's data are read before the page changes.
        const sending = this.send(form, submitter, sent);
        this.$store.cases.setDecided(sent.address);
        this.show(next.element, address, next.title);
        await sending;
      },

      show(element, address, title) {
        this.kind = "";
        this.current().replaceWith(element);
        document.title = title;
        history.pushState({}, "", address);
        window.scrollTo(0, 0);
        this.$store.cases.lookAhead(element);
        element.querySelector("h1").focus({ preventScroll: true });
      },

      async send(form, submitter, sent) {
        const number = (sentCount += 1);
        onTheirWay += 1;
        try {
          // The attribute, not the property: a button named "action" hides it.
          const answer = await fetch(form.getAttribute("action"), {
            method: "POST",
            body: new URLSearchParams(new FormData(form, submitter)),
            headers: { Accept: "application/json" },
            credentials: "same-origin",
            keepalive: true,
          });
          const outcome = await answer.json();
          if (!answer.ok) {
            this.putBack(sent, outcome.detail || "La décision n'a pas été enregistrée.");
            this.$dispatch("decision-refused", { outcome, sent });
          } else if (number === sentCount) {
            this.recorded(outcome);
          }
        } catch (_error) {
          this.putBack(sent, "Le serveur ne répond pas : la décision n'a pas été enregistrée.");
        } finally {
          onTheirWay -= 1;
        }
      },

      recorded(outcome) {
        this.undoAddress = outcome.needs_reason ? "" : outcome.undo_url;
        this.version = outcome.version;
        this.say("recorded", outcome.message, outcome.case_url);
        if (isUndoWanted && this.undoAddress) {
          isUndoWanted = false;
          this.$nextTick(() => this.current().querySelector("[data-undo]").requestSubmit());
        }
      },

      putBack(sent, message) {
        isUndoWanted = false;
        this.$store.cases.setUndecided(sent.address);
        if (this.current() === sent.replacement) {
          this.show(sent.element, sent.address, sent.title);
          this.say("refused", message, "");
          this.$nextTick(() => this.current().querySelector("[data-problem]").focus({ preventScroll: true }));
        } else {
          this.say("refused", `${sent.title} : ${message}`, sent.address);
        }
      },

      /** Show the banner in place of those that the server wrote in this case. */
      say(kind, message, caseAddress) {
        this.current().querySelectorAll("[data-served]").forEach((box) => box.remove());
        this.kind = kind;
        this.message = message;
        this.caseAddress = caseAddress;
        this.$dispatch("announce", message);
      },
    };
  });
});
