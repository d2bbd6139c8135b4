// Keys pressed before the scripts of the page are ready: kept here and pressed again once they are.
//
// This script is not deferred: it listens while the others are on their way. Only keys that decide nothing are kept: a
// decision would fall on a row that was not seen yet. A key that decides makes all of them forgotten, those after it
// too: an undo was meant for that decision, not for the one before.
"use strict";

(() => {
  const HARMLESS = new Set(["j", "k", "z", "g", "/", "?"]);
  const MOST = 20;
  const FRESH_MS = 10000;
  let kept = [];
  let isGivenUp = false;

  const isTyping = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=radio], [type=checkbox])");

  function giveUp() {
    isGivenUp = true;
    kept = [];
  }

  function keep(event) {
    const target = event.target instanceof Element ? event.target : document.body;
    const isMeant = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    if (isGivenUp || !isMeant || event.repeat || target.closest("dialog") || isTyping(target)) {
      return;
    }
    if (event.key.length > 1 && event.key !== "Enter") {
      return;
    }
    const key = event.key.toLowerCase();
    if (!HARMLESS.has(key) || kept.length === MOST) {
      giveUp();
      return;
    }
    // A browser would search the page for what follows a slash.
    event.preventDefault();
    kept.push({ key, at: performance.now() });
  }

  function stop() {
    document.removeEventListener("keydown", keep);
    document.removeEventListener("pointerdown", giveUp);
  }

  document.addEventListener("keydown", keep);
  // Whoever took the mouse meanwhile is elsewhere.
  document.addEventListener("pointerdown", giveUp);

  document.addEventListener("alpine:init", () => {
    document.addEventListener(
      "alpine:initialized",
      () => {
        const fresh = kept.filter((press) => performance.now() - press.at < FRESH_MS);
        stop();
        kept = [];
        for (const { key } of fresh) {
          const target = document.activeElement || document.body;
          target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        }
      },
      { once: true },
    );
  });
})();
