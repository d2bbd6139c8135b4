// Says that a row is open on this screen, now and again, and shows who else has it open.
//
// Only a case that is shown says so: one fetched in advance has no component yet. A row that is left within a moment
// was not worked on, and is not told.
"use strict";

document.addEventListener("alpine:init", () => {
  const FIRST_MS = 600;
  const AGAIN_MS = 60000;

  Alpine.data("casePresence", () => {
    let timer = 0;
    let isTold = false;
    let isGone = false;
    let onHide = null;

    return {
      others: "",

      get isAlone() {
        return this.others === "";
      },

      init() {
        this.others = this.$el.dataset.others;
        const address = this.$el.dataset.presence;
        if (!address) {
          return;
        }
        timer = setTimeout(() => this.tell(address), FIRST_MS);
        onHide = () => this.leave(address);
        window.addEventListener("pagehide", onHide);
      },

      destroy() {
        if (onHide) {
          onHide();
          window.removeEventListener("pagehide", onHide);
        }
      },

      async tell(address) {
        timer = setTimeout(() => this.tell(address), AGAIN_MS);
        if (document.hidden) {
          return;
        }
        isTold = true;
        try {
          const answer = await fetch(address, {
            method: "POST",
            headers: { Accept: "application/json" },
            credentials: "same-origin",
          });
          if (answer.ok && !isGone) {
            this.others = (await answer.json()).others;
          }
        } catch (_error) {
          // A sign that did not arrive: the next one will.
        }
      },

      leave(address) {
        clearTimeout(timer);
        isGone = true;
        if (isTold) {
          isTold = false;
          navigator.sendBeacon(`${address}/fin`);
        }
      },
    };
  });
});
