// Decisions sent in the background: the next case is shown at once, and a refusal puts the row back with its reason.
// Forms marked data-stays change something of the row, which is then shown again where it is.
// Without this file every form works as it is.
"use strict";

document.addEventListener("alpine:init", () => {
  const NOT_SAVED = "La décision n’a pas été enregistrée.";
  const NO_ANSWER = "Le serveur ne répond pas : la décision n’a pas été enregistrée.";
  const NO_NETWORK = "Pas de réseau : la décision n’a pas été enregistrée. Réessayez quand il sera revenu.";
  const pathOf = (address) => new URL(address, location.href).pathname;

  Alpine.data("optimisticForms", () => {
    // Forms waiting for the next case, and forms that go the ordinary way because it did not come.
    const waiting = new WeakSet();
    const ordinary = new WeakSet();
    let onTheirWay = 0;
    let isUndoWanted = false;
    let isStaying = false;
    // Answers may overtake each other: only the one of the latest decision is shown.
    let sentCount = 0;

    return {
      // What the banner of the current case says: kind is "", "recorded" or "refused".
      kind: "",
      message: "",
      caseAddress: "",
      undoAddress: "",
      version: "",
      // Decisions that were not recorded, on rows that are not in sight.
      failures: [],

      get isRecorded() {
        return this.kind === "recorded";
      },

      get isRefused() {
        return this.kind === "refused";
      },

      get hasFailures() {
        return this.failures.length > 0;
      },

      init() {
        const current = this.current();
        this.$store.drafts.arrive();
        this.settle(current);
        this.failures = Object.values(this.$store.drafts.failures(current));
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

      note(event) {
        this.$store.drafts.note(event);
      },

      /** The browser asks before it leaves decisions that are still on their way. */
      warn(event) {
        if (onTheirWay > 0) {
          event.preventDefault();
        }
      },

      /** A row comes in sight: what was typed on it is there again. */
      settle(element) {
        this.$store.drafts.restore(element);
        this.$store.drafts.setLastRow(element);
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
        if (event.defaultPrevented || form.method !== "post") {
          return;
        }
        if (isStaying) {
          // What the form says of the row is older than what is being written.
          event.preventDefault();
          this.$dispatch("announce", "Un instant : la ligne est en cours d’enregistrement.");
          return;
        }
        if (form.dataset.stays) {
          event.preventDefault();
          await this.stay(form, submitter);
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
          this.say("refused", NO_NETWORK, "");
          return;
        }
        this.$store.drafts.leave(this.current(), form, new FormData(form, submitter));
      },

      show(element, address, title) {
        this.kind = "";
        this.current().replaceWith(element);
        document.title = title;
        history.pushState({}, "", address);
        window.scrollTo(0, 0);
        this.settle(element);
        this.$store.cases.lookAhead(element);
        element.querySelector("h1").focus({ preventScroll: true });
      },

      async post(form, data) {
        // The attribute, not the property: a button named "action" hides it.
        const answer = await fetch(form.getAttribute("action"), {
          method: "POST",
          body: new URLSearchParams(data),
          headers: { Accept: "application/json" },
          credentials: "same-origin",
          keepalive: true,
        });
        return { isRecorded: answer.ok, ...(await answer.json()) };
      },

      async send(form, submitter, sent) {
        const number = (sentCount += 1);
        onTheirWay += 1;
        try {
          const data = new FormData(form, submitter);
          const carried = this.$store.drafts.sending(sent.element, form, data);
          const outcome = await this.post(form, data);
          if (!outcome.isRecorded) {
            this.putBack(sent, outcome.detail || NOT_SAVED);
            return;
          }
          this.$store.drafts.forget(carried);
          this.setFailures(this.failures.filter((item) => pathOf(item.address) !== pathOf(sent.address)));
          if (number === sentCount) {
            this.recorded(outcome);
          }
        } catch (_error) {
          this.putBack(sent, navigator.onLine ? NO_ANSWER : NO_NETWORK);
        } finally {
          onTheirWay -= 1;
        }
      },

      /** Write something of this row, then show the row again as it is, at the same place. */
      async stay(form, submitter) {
        const current = this.current();
        const address = location.href;
        isStaying = true;
        onTheirWay += 1;
        try {
          const data = new FormData(form, submitter);
          const carried = this.$store.drafts.sending(current, form, data);
          const outcome = await this.post(form, data);
          if (!outcome.isRecorded) {
            this.say("refused", outcome.detail || NOT_SAVED, "");
            return;
          }
          this.$store.drafts.forget(carried);
          const page = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
          const fresh = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("cas");
          if (fresh && this.current() === current) {
            this.showAgain(document.importNode(fresh, true));
            this.recorded(outcome);
          }
        } catch (_error) {
          this.say("refused", navigator.onLine ? NO_ANSWER : NO_NETWORK, "");
        } finally {
          isStaying = false;
          onTheirWay -= 1;
        }
      },

      showAgain(element) {
        const { scrollX, scrollY } = window;
        this.kind = "";
        this.current().replaceWith(element);
        this.settle(element);
        this.$store.cases.lookAhead(element);
        element.querySelector("h1").focus({ preventScroll: true });
        window.scrollTo(scrollX, scrollY);
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
          const text = `${sent.title.replace(/ — [^—]*$/, "")} : ${message}`;
          this.setFailures([...this.failures, { address: sent.address, text }]);
          this.$dispatch("announce", text);
        }
      },

      setFailures(failures) {
        this.failures = failures;
        this.$store.drafts.setFailures(this.current(), Object.fromEntries(failures.map((item) => [item.address, item])));
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
