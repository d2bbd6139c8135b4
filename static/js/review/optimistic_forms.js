// Decisions sent in the background: the next case is shown at once, and a refusal puts the row back with its reason.
// Forms marked data-stays change something of the row, which is then shown again where it is.
// Without this file every form works as it is.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("optimisticForms", () => {
    // Forms waiting for the next case, and forms that go the ordinary way because it did not come.
    const waiting = new WeakSet();
    const ordinary = new WeakSet();
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
        this.$store.drafts.arrive();
        this.$store.drafts.settle(current);
        this.$store.failed.load(current);
        const place = current.querySelector("[data-problem]") || (location.hash ? null : current.querySelector("h1"));
        if (place) {
          place.focus({ preventScroll: true });
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
        if (event.detail.key === "z" && this.$store.sending.count > 0) {
          event.preventDefault();
          if (isUndoWanted) {
            this.$store.undoing.queue();
          }
          isUndoWanted = true;
          this.$dispatch("announce", "Annulation dès que la décision sera enregistrée.");
        }
      },

      async submit(event) {
        const { target: form, submitter } = event;
        if (event.defaultPrevented || form.method !== "post") {
          return;
        }
        if (this.$store.staying.isBusy) {
          // What the form says of the row is older than what is being written.
          event.preventDefault();
          this.$dispatch("announce", "Un instant : la ligne est en cours d’enregistrement.");
          return;
        }
        if (form.dataset.stays) {
          event.preventDefault();
          await this.$store.staying.submit(this, form, submitter);
          return;
        }
        const isOurs = form.dataset.optimistic && !ordinary.has(form);
        if (!isOurs || (submitter && submitter.hasAttribute("data-full-page"))) {
          this.leave(event, form, submitter);
          return;
        }
        if (waiting.has(form)) {
          event.preventDefault();
          return;
        }
        const current = this.current();
        const address = form.dataset.optimistic === "approve" ? current.dataset.nextApprove : current.dataset.nextDecide;
        if (!address || this.$store.cases.isDecided(address)) {
          this.leave(event, form, submitter);
          return;
        }
        event.preventDefault();
        waiting.add(form);
        const next = await this.$store.cases.take(address);
        waiting.delete(form);
        if (!next) {
          ordinary.add(form);
          form.requestSubmit(submitter || undefined);
          ordinary.delete(form);
          return;
        }
        const sent = { element: current, address: location.href, title: document.title, replacement: next.element };
        // The form's data are read before the page changes.
        const sending = this.send(form, submitter, sent);
        this.$store.cases.setDecided(sent.address);
        this.show(next.element, address, next.title);
        await sending;
      },

      /** The form goes with its page, unless there is no network: the page would be lost with what it says. */
      leave(event, form, submitter) {
        if (!navigator.onLine) {
          event.preventDefault();
          this.say("refused", this.$store.sending.NO_NETWORK, "");
          return;
        }
        this.$store.drafts.leave(this.current(), form, new FormData(form, submitter));
      },

      show(element, address, title) {
        document.title = title;
        history.pushState({}, "", address);
        this.put(element, () => window.scrollTo(0, 0));
      },

      async send(form, submitter, sent) {
        const number = (sentCount += 1);
        try {
          const data = new FormData(form, submitter);
          const carried = this.$store.drafts.sending(sent.element, form, data);
          const outcome = await this.$store.sending.post(form, data);
          if (!outcome.isRecorded) {
            this.putBack(sent, outcome.detail || this.$store.sending.NOT_SAVED);
            this.$dispatch("decision-refused", { outcome, sent });
            return;
          }
          this.$store.drafts.forget(carried);
          this.$store.failed.remove(this.current(), sent.address);
          if (number === sentCount) {
            this.recorded(outcome);
          }
        } catch (_error) {
          this.putBack(sent, this.$store.sending.silence());
        }
      },

      /** In place of the row in sight, with what was typed on it; `settle` scrolls to where it is read. */
      put(element, settle) {
        this.kind = "";
        this.current().replaceWith(element);
        this.$store.drafts.settle(element);
        this.$store.cases.lookAhead(element);
        // Both ask for the layout: once, with the frame that shows the row, when its components have made it.
        requestAnimationFrame(() => {
          settle();
          if (document.activeElement === document.body) {
            element.querySelector("h1").focus({ preventScroll: true });
          }
        });
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
        this.$store.undoing.keep(0);
        this.$store.cases.setUndecided(sent.address);
        if (this.current() === sent.replacement) {
          this.show(sent.element, sent.address, sent.title);
          this.say("refused", message, "");
          this.$nextTick(() => this.current().querySelector("[data-problem]").focus({ preventScroll: true }));
        } else {
          const text = `${sent.title.replace(/ — [^—]*$/, "")} : ${message}`;
          this.$store.failed.add(this.current(), sent.address, text);
          this.$dispatch("announce", text);
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
