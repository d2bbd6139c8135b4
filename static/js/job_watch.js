// Watches a running job and reloads the page when it is over: told by a stream, or asking when there is none.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("jobWatch", () => ({
    statusLabel: "",
    message: "",
    figures: "",
    isLost: false,
    failures: 0,
    source: null,

    init() {
      this.statusLabel = this.$el.querySelector("[x-text=statusLabel]").textContent;
      this.message = this.$el.querySelector("[x-text=message]").textContent;
      this.figures = this.$el.querySelector("[x-text=figures]").textContent;
      if (window.EventSource) {
        this.listen();
      } else {
        this.schedule(700);
      }
    },

    destroy() {
      this.source?.close();
    },

    listen() {
      this.source = new EventSource(this.$root.dataset.stream);
      this.source.onmessage = (event) => {
        this.failures = 0;
        this.isLost = false;
        this.show(JSON.parse(event.data));
      };
      this.source.onerror = () => {
        // The browser connects again by itself after an orderly end; refused or lost too often, the page asks instead.
        this.failures += 1;
        if (this.source.readyState === EventSource.CLOSED || this.failures > 2) {
          this.source.close();
          this.schedule(1000);
        }
      };
    },

    schedule(delay) {
      setTimeout(() => this.poll(), delay);
    },

    async poll() {
      let delay = 1000;
      try {
        const answer = await fetch(this.$root.dataset.address, { headers: { Accept: "application/json" } });
        if (!answer.ok) {
          throw new Error(String(answer.status));
        }
        this.show(await answer.json());
        this.failures = 0;
        this.isLost = false;
      } catch {
        this.failures += 1;
        this.isLost = this.failures > 3;
        delay = 3000;
      }
      this.schedule(delay);
    },

    show(state) {
      if (state.is_over) {
        this.source?.close();
        window.location.reload();
        return;
      }
      const number = new Intl.NumberFormat("fr-FR");
      this.statusLabel = state.status_label;
      this.message = state.message || "Le travail va commencer.";
      if (state.total > 0) {
        this.figures = `${number.format(state.done)} sur ${number.format(state.total)}`;
        this.$refs.bar.max = state.total;
        this.$refs.bar.value = state.done;
      }
    },
  }));
});
