// Preview of an import: a choice that changes how a file is read refreshes the preview at once.
"use strict";

(function () {
  document.querySelectorAll("[data-refresh]").forEach((control) => {
    control.addEventListener("change", () => {
      const button = control.form.querySelector("[data-refresh-button]");
      sessionStorage.setItem("import-scroll", String(window.scrollY));
      control.form.requestSubmit(button);
    });
  });

  const scroll = sessionStorage.getItem("import-scroll");
  if (scroll !== null && document.querySelector("[data-refresh-button]")) {
    sessionStorage.removeItem("import-scroll");
    window.scrollTo(0, Number(scroll));
  }

  // The name of a new catalogue is asked for only when a new catalogue is chosen.
  document.querySelectorAll("[data-reveals]").forEach((control) => {
    const field = document.getElementById(control.dataset.reveals);
    const update = () => {
      field.hidden = control.value !== "";
    };
    control.addEventListener("change", update);
    update();
  });
})();
