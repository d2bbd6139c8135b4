// A form that cannot be undone asks first: <form x-data="confirmedForm" x-on:submit="ask" data-question="…">.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("confirmedForm", () => ({
    ask(event) {
      if (!window.confirm(this.$root.dataset.question)) {
        event.preventDefault();
      }
    },
  }));
});
