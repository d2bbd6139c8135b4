// The seven lines of a case, brought again with one more code beside the others; nothing is recorded.
"use strict";

document.addEventListener("alpine:init", () => {
  const TYPED = "input[type=text], input[type=radio]:not([data-col]), #phrases";
  const nameOf = (field) => [field.getAttribute("form"), field.name, field.id, field.type === "radio" && field.value].join();

  Alpine.store("comparison", {
    column(code) {
      return Array.from(document.querySelectorAll("#cas input[data-col]")).find((radio) => radio.value === code);
    },

    /** Whether the comparison at this address came and took the place of the old one. */
    async bring(address) {
      try {
        const answer = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = answer.ok ? page.getElementById("comparaison") : null;
        if (!fresh) {
          return false;
        }
        this.replace(document.importNode(fresh, true));
      } catch (_error) {
        return false;
      }
      history.replaceState(history.state, "", address.split("#")[0]);
      return true;
    },

    /** The new comparison takes the place of the old one, with what was typed and opened in it. */
    replace(fresh) {
      const old = document.getElementById("comparaison");
      const kept = new Map(Array.from(old.querySelectorAll(TYPED), (field) => [nameOf(field), field]));
      fresh.querySelectorAll(TYPED).forEach((field) => {
        const same = kept.get(nameOf(field));
        if (same) {
          field.value = same.value;
          field.checked = same.checked;
        }
      });
      old.replaceWith(fresh);
      const accept = document.querySelector("#cas [data-key=v]");
      if (accept) {
        accept.removeAttribute("hidden");
      }
    },

    /** Give the focus to this code, and choose it unless something stands against it; what may be done, in words. */
    pointAt(code) {
      const radio = this.column(code);
      if (!radio) {
        return "";
      }
      const isBlocked = radio.hasAttribute("data-blocking");
      radio.checked = radio.checked || !isBlocked;
      radio.focus({ preventScroll: true });
      radio.closest("th").scrollIntoView({ block: "nearest", inline: "nearest" });
      radio.dispatchEvent(new Event("change", { bubbles: true }));
      return isBlocked ? "contredit ou bloqué : choisissez-le, puis justifiez" : "v l'accepte";
    },
  });
});
