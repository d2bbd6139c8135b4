// Says that a row is open on this screen, now and again, and shows who else has it open.
//
// Only a case that is shown says so: one fetched in advance has no component yet. It says so once it is drawn, so that
// nobody is given the same row meanwhile, and nobody waits for the sign.
"use strict";

document.addEventListener("alpine:init", () => {
  const DRAWN_MS = 150;
  const AGAIN_MS = 60000;

  Alpine.data("casePresence", () => {
    let timer = 0;
    let isTold = false;
    let isTelling = false;
    let isGone = false;
    let isPageGone = false;
    let told = "";
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
        told = address;
        onHide = () => {
          isPageGone = true;
          this.leave(address);
        };
        window.addEventListener("pagehide", onHide);
        timer = setTimeout(() => this.tell(address), DRAWN_MS);
      },

      destroy() {
        if (told) {
          this.leave(told);
          window.removeEventListener("pagehide", onHide);
        }
      },

      async tell(address) {
        timer = setTimeout(() => this.tell(address), AGAIN_MS);
        if (document.hidden) {
          return;
        }
        isTold = true;
        isTelling = true;
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
        isTelling = false;
        if (isGone) {
          this.end(address);
        }
      },

      leave(address) {
        clearTimeout(timer);
        isGone = true;
        // What is still being told would arrive after its end. When the page itself goes, nothing comes back to say.
        if (isTold && isPageGone) {
          this.end(address);
        } else if (isTold && !isTelling) {
          setTimeout(() => this.end(address), DRAWN_MS);
        }
      },

      end(address) {
        if (!isTold) {
          return;
        }
        isTold = false;
        navigator.sendBeacon(`${address}/fin`);
      },
    };
  });
});
