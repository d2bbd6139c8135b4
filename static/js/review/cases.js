// The next cases, fetched in advance and kept for the life of the page.
"use strict";

document.addEventListener("alpine:init", () => {
  const DEPTH = 2;
  const PATIENCE_MS = 400;
  const pages = new Map();
  // Rows decided since this page was loaded: what was fetched of them before is no longer true.
  const decided = new Set();
  const pathOf = (address) => new URL(address, location.href).pathname;

  /** The page at this address, as a document; null when the server did not answer with that page. */
  function fetchPage(address) {
    if (!pages.has(address)) {
      const page = fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" })
        .then((answer) => (answer.ok && !answer.redirected ? answer.text() : null))
        .then((text) => (text === null ? null : new DOMParser().parseFromString(text, "text/html")))
        .catch(() => null)
        .then((found) => {
          // A page that did not come may come another time.
          if (!found) {
            pages.delete(address);
          }
          return found;
        });
      pages.set(address, page);
    }
    return pages.get(address);
  }

  Alpine.store("cases", {
    isDecided(address) {
      return decided.has(pathOf(address));
    },

    setDecided(address) {
      decided.add(pathOf(address));
    },

    setUndecided(address) {
      decided.delete(pathOf(address));
    },

    /** Fetch what may come after this case, and what may come after that. */
    async lookAhead(from, depth = DEPTH) {
      const addresses = [from.dataset.nextDecide, from.dataset.status === "decided" ? from.dataset.nextApprove : ""];
      for (const address of new Set(addresses.filter((item) => item && !this.isDecided(item)))) {
        const page = await fetchPage(address);
        const next = page && page.getElementById("cas");
        if (next && depth > 1) {
          await this.lookAhead(next, depth - 1);
        }
      }
    },

    /** A fresh copy of that case and its title; null when it is not there in time. Its page is then forgotten. */
    async take(address) {
      const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, null));
      const page = await Promise.race([fetchPage(address), late]);
      const next = page && page.getElementById("cas");
      if (!next) {
        return null;
      }
      pages.delete(address);
      return { element: document.importNode(next, true), title: page.title };
    },
  });
});
