// The button of a security key: <form x-data="securityKey" x-on:submit="ask" data-options="…" data-ceremony="get">.
"use strict";

document.addEventListener("alpine:init", () => {
  function toBytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  }

  function toText(buffer) {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function withBytes(options) {
    const read = { ...options, challenge: toBytes(options.challenge) };
    for (const list of ["excludeCredentials", "allowCredentials"]) {
      if (options[list]) {
        read[list] = options[list].map((item) => ({ ...item, id: toBytes(item.id) }));
      }
    }
    if (options.user) {
      read.user = { ...options.user, id: toBytes(options.user.id) };
    }
    return read;
  }

  function asJson(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) {
        response[name] = toText(credential.response[name]);
      }
    }
    return JSON.stringify({
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      clientExtensionResults: {},
      response,
    });
  }

  Alpine.data("securityKey", () => ({
    problem: "",
    waiting: false,

    get unsupported() {
      return !window.PublicKeyCredential;
    },

    get noProblem() {
      return this.problem === "";
    },

    async ask(event) {
      event.preventDefault();
      const form = this.$root;
      const answer = this.$refs.answer;
      this.problem = "";
      this.waiting = true;
      try {
        const asked = await fetch(form.dataset.options, { method: "POST", headers: { Accept: "application/json" } });
        const said = await asked.json();
        if (!asked.ok) {
          throw new Error(said.detail);
        }
        const publicKey = withBytes(said);
        const credential =
          form.dataset.ceremony === "create"
            ? await navigator.credentials.create({ publicKey })
            : await navigator.credentials.get({ publicKey });
        answer.value = asJson(credential);
        form.submit();
      } catch (error) {
        this.problem =
          error instanceof DOMException || !error.message
            ? "La clé n’a pas répondu, ou n’est pas une des vôtres. Recommencez."
            : error.message;
        this.waiting = false;
      }
    },
  }));
});
