// The search of a case: a panel over the page, found as one types, compared on the seven lines before anything is
// recorded. Closing it gives back the focus, the place and what was typed. Without this file it is an ordinary form.
"use strict";

document.addEventListener("alpine:init", () => {
  const PAUSE_MS = 150;

  Alpine.data("codeSearch", () => {
    let timer = 0;
    let asking = null;
    let before = null;

    return {
      current: 0,

      isOpen() { return this.$root.classList.contains("is-panel"); },

      field() { return this.$root.querySelector("#recherche"); },

      hits() { return Array.from(this.$root.querySelectorAll("[data-hit]")); },

      onKey(event) {
        if (event.detail.key === "/") {
          event.preventDefault();
          this.open();
        }
      },

      /** The links of the page to the search open it. */
      follow(event) {
        const link = event.target instanceof Element && event.target.closest('a[href="#recherche-loinc"]');
        if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
          event.preventDefault();
          this.open();
        }
      },

      open() {
        if (!this.isOpen()) {
          before = { focus: document.activeElement, x: window.scrollX, y: window.scrollY };
          this.$root.classList.add("is-panel");
          this.$root.querySelectorAll("[data-close], [data-hint]").forEach((item) => item.removeAttribute("hidden"));
        }
        this.field().focus({ preventScroll: true });
        this.field().select();
        this.look();
      },

      close() {
        clearTimeout(timer);
        if (asking) {
          asking.abort();
        }
        this.$root.classList.remove("is-panel");
        this.$root.querySelectorAll("[data-close], [data-hint]").forEach((item) => item.setAttribute("hidden", ""));
        const back = before && before.focus && before.focus.isConnected ? before.focus : document.querySelector("#cas h1");
        if (before) {
          back.focus({ preventScroll: true });
          window.scrollTo(before.x, before.y);
        }
        before = null;
      },

      type(event) {
        if (event.target === this.field()) {
          clearTimeout(timer);
          timer = setTimeout(() => this.look(), PAUSE_MS);
        }
      },

      narrow(event) {
        if (event.target.name === "axe") {
          event.stopPropagation();
          this.look();
        }
      },

      /** The form, sent: compare the code that is pointed at, or look at once. */
      ask(event) {
        if (event.target.id !== "form-recherche") {
          return;
        }
        event.preventDefault();
        event.stopPropagation();
        if (this.isOpen()) {
          this.look().then(() => this.compare(this.hits()[this.current]));
        } else {
          this.open();
        }
      },

      async look() {
        clearTimeout(timer);
        if (asking) {
          asking.abort();
        }
        asking = new AbortController();
        const asked = new URLSearchParams(new FormData(this.$root.querySelector("form")));
        const address = new URL(this.$root.dataset.address, location.href);
        asked.forEach((value, name) => address.searchParams.append(name, value));
        try {
          const answer = await fetch(address, {
            headers: { Accept: "text/html" }, credentials: "same-origin", signal: asking.signal,
          });
          if (answer.ok && !answer.redirected) {
            this.show(new DOMParser().parseFromString(await answer.text(), "text/html"));
          } else {
            this.say("La recherche n'a pas répondu : réessayez.");
          }
        } catch (error) {
          if (error.name !== "AbortError") {
            this.say("Le serveur ne répond pas : ce qui est affiché date d'avant.");
          }
        }
      },

      show(page) {
        const place = this.$root.querySelector("#trouves");
        const focused = place.contains(document.activeElement) ? document.activeElement.value : null;
        place.replaceChildren(...Array.from(page.body.childNodes, (node) => document.importNode(node, true)));
        this.current = 0;
        this.mark();
        if (focused) {
          const same = place.querySelector(`[name="axe"][value="${CSS.escape(focused)}"]`);
          (same || this.field()).focus({ preventScroll: true });
        }
        const count = this.hits().length;
        this.say(count === 0 ? "Aucun code trouvé." : `${count} code${count > 1 ? "s" : ""} : Entrée compare le premier.`);
      },

      say(text) { this.$root.querySelector("[data-said]").textContent = text; },

      mark() {
        const hits = this.hits();
        hits.forEach((hit, place) => hit.classList.toggle("is-current", place === this.current));
        const hit = hits[this.current];
        if (hit) {
          hit.scrollIntoView({ block: "nearest" });
        }
      },

      move(step) {
        this.current = Math.min(Math.max(this.current + step, 0), Math.max(this.hits().length - 1, 0));
        this.mark();
        const hit = this.hits()[this.current];
        this.say(hit ? `${hit.dataset.code} : ${hit.querySelector("p").textContent.replace(/\s+/g, " ").trim()}` : "");
      },

      press(event) {
        if (!this.isOpen() || event.ctrlKey || event.metaKey || event.isComposing) {
          return;
        }
        const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
        const isTyping = event.target === this.field();
        // What is pressed here is not for the case behind.
        event.stopPropagation();
        if (event.key === "Escape") {
          event.preventDefault();
          this.close();
        } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
          event.preventDefault();
          this.move(event.key === "ArrowDown" ? 1 : -1);
        } else if (digit && (event.altKey || !isTyping)) {
          event.preventDefault();
          this.compare(this.hits()[Number(digit[1]) - 1]);
        }
      },

      point(event) {
        const link = event.target.closest(".hit-actions a");
        if (link && this.isOpen() && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
          event.preventDefault();
          this.compare(link.closest("[data-hit]"));
        }
      },

      /** Put the code beside the others on the seven lines, and the focus on it: nothing is recorded. */
      async compare(hit) {
        if (!hit) {
          return;
        }
        const { code, compare } = hit.dataset;
        if (!this.$store.comparison.column(code) && !(await this.$store.comparison.bring(compare))) {
          this.say("La comparaison n'est pas arrivée : réessayez.");
          return;
        }
        this.close();
        this.$nextTick(() => {
          const told = this.$store.comparison.pointAt(code);
          if (told) {
            this.$dispatch("announce", `${code} comparé : ${told}.`);
          }
        });
      },
    };
  });
});
