// Watches a running job and reloads the page when it is over.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("jobWatch", () => ({
    statusLabel: "",
    message: "",
    figures: "",
    isLost: false,
    failures: 0,

    init() {
      this.statusLabel = this.$el.querySelector("[x-text=statusLabel]").textContent;
      this.message = this.$el.querySelector("[x-text=message]").textContent;
      this.figures = this.$el.querySelector("[x-text=figures]").textContent;
      this.schedule(700);
    },

    schedule(delay) {
      setTimeout(() => this.poll(), delay);
    },

    async poll() {
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
        this.schedule(3000);
      }
    },

    show(state) {
      if (state.is_over) {
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
      this.schedule(1000);
    },
  }));
});
