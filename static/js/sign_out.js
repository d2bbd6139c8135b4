// Signing out forgets what this tab, and the others, keep of unfinished work.
"use strict";

document.addEventListener("alpine:init", () => {
  const KEPT = ["brouillon", "derniere-ligne:", "echecs:", "coches", "annulations"];

  function forget() {
    try {
      for (const key of Object.keys(sessionStorage)) {
        if (KEPT.some((start) => key.startsWith(start))) {
          sessionStorage.removeItem(key);
        }
      }
    } catch (_error) {
      // A browser that keeps nothing has nothing to forget.
    }
  }

  const channel = "BroadcastChannel" in window ? new BroadcastChannel("deconnexion") : null;
  if (channel) {
    channel.addEventListener("message", forget);
  }
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/deconnexion") {
      forget();
      if (channel) {
        channel.postMessage("");
      }
    }
  });
});
