// What is on its way to the server, and what did not arrive.
"use strict";

document.addEventListener("alpine:init", () => {
  const pathOf = (address) => new URL(address, location.href).pathname;

  Alpine.store("sending", {
    count: 0,
    NOT_SAVED: "La décision n’a pas été enregistrée.",
    NO_NETWORK: "Pas de réseau : la décision n’a pas été enregistrée. Réessayez quand il sera revenu.",

    /** Why nothing came back. */
    silence() {
      return navigator.onLine ? "Le serveur ne répond pas : la décision n’a pas été enregistrée." : this.NO_NETWORK;
    },

    /** What the server says of a form, and whether it was recorded; raises when it says nothing. */
    async post(form, data) {
      this.count += 1;
      try {
        // The attribute, not the property: a button named "action" hides it.
        const answer = await fetch(form.getAttribute("action"), {
          method: "POST",
          body: new URLSearchParams(data),
          headers: { Accept: "application/json" },
          credentials: "same-origin",
          keepalive: true,
        });
        return { isRecorded: answer.ok, ...(await answer.json()) };
      } finally {
        this.count -= 1;
      }
    },
  });

  // The browser asks before it leaves decisions that are still on their way.
  window.addEventListener("beforeunload", (event) => {
    if (Alpine.store("sending").count > 0) {
      event.preventDefault();
    }
  });

  // Decisions that were not recorded, on rows that are not in sight: they stay until they are taken again.
  Alpine.store("failed", {
    list: [],

    get isAny() {
      return this.list.length > 0;
    },

    load(element) {
      this.list = Object.values(Alpine.store("drafts").failures(element));
    },

    add(element, address, text) {
      this.keep(element, [...this.list, { address, text }]);
    },

    remove(element, address) {
      this.keep(element, this.list.filter((item) => pathOf(item.address) !== pathOf(address)));
    },

    keep(element, list) {
      this.list = list;
      Alpine.store("drafts").setFailures(element, Object.fromEntries(list.map((item) => [item.address, item])));
    },
  });

  // Forms marked data-stays: they change something of the row, which is then shown again where it is.
  Alpine.store("staying", {
    isBusy: false,

    async submit(forms, form, submitter) {
      const drafts = Alpine.store("drafts");
      const sending = Alpine.store("sending");
      const current = forms.current();
      const address = location.href;
      this.isBusy = true;
      try {
        const data = new FormData(form, submitter);
        const carried = drafts.sending(current, form, data);
        const outcome = await sending.post(form, data);
        if (!outcome.isRecorded) {
          forms.say("refused", outcome.detail || sending.NOT_SAVED, "");
          return;
        }
        drafts.forget(carried);
        const page = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
        const fresh = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("cas");
        if (fresh && forms.current() === current) {
          // The row as it now is, at the same place.
          const { scrollX, scrollY } = window;
          forms.put(document.importNode(fresh, true), () => window.scrollTo(scrollX, scrollY));
          forms.recorded(outcome);
        }
      } catch (_error) {
        forms.say("refused", sending.silence(), "");
      } finally {
        this.isBusy = false;
      }
    },
  });
});
