// The approval list: tick all the rows that may be ticked, and say how many are.
"use strict";

(function () {
  const boxes = () => Array.from(document.querySelectorAll("input[data-tick]"));
  const all = document.getElementById("tout-cocher");
  const count = document.querySelector("[data-ticked]");

  function refresh() {
    const ticked = boxes().filter((box) => box.checked).length;
    if (count) {
      count.textContent = ticked ? ` (${ticked})` : "";
    }
    if (all) {
      all.checked = ticked > 0 && ticked === boxes().length;
      all.indeterminate = ticked > 0 && ticked < boxes().length;
    }
  }

  document.querySelectorAll("[data-needs-script]").forEach((element) => element.removeAttribute("hidden"));
  if (all) {
    all.addEventListener("change", () => {
      boxes().forEach((box) => {
        box.checked = all.checked;
      });
      refresh();
    });
  }
  document.addEventListener("change", (event) => {
    if (event.target instanceof Element && event.target.matches("input[data-tick]")) {
      refresh();
    }
  });
  refresh();
})();
