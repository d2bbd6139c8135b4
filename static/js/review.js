// The review: one table of keys (which also writes its own help), the next case fetched in advance,
// and decisions sent in the background. Without this file every form and link works as it is.
"use strict";

(function () {
  // ---------- keys ----------
  // Each key acts on the element that carries the same data-key: a link is followed, a button or a summary is
  // pressed, a field is focused. Letters are read from event.key; digits from event.code, because the digits of
  // a French keyboard need Shift.
  const KEYS = [
    { key: "j", label: "Ligne suivante", where: "queue case", run: () => (isQueue() ? moveRow(1) : press("j")) },
    { key: "k", label: "Ligne précédente", where: "queue case", run: () => (isQueue() ? moveRow(-1) : press("k")) },
    { key: "1–5", label: "Choisir le candidat, ou le motif dans un panneau ouvert", where: "case" },
    { key: "v", label: "Accepter le code choisi ; dans la file, ouvrir la ligne", where: "queue case", run: accept },
    { key: "Entrée", label: "Comme v", where: "queue case", name: "Enter", run: accept },
    { key: "n", label: "Aucun code LOINC, puis le motif", where: "case" },
    { key: "h", label: "Hors périmètre, puis le motif", where: "case" },
    { key: "d", label: "Signaler un doute", where: "case" },
    { key: "c", label: "Écrire un commentaire", where: "case" },
    { key: "z", label: "Annuler ma dernière décision", where: "queue case", run: undoLast },
    { key: "a", label: "Approuver (biologiste)", where: "case" },
    { key: "r", label: "Renvoyer au transcodeur (biologiste)", where: "case" },
    { key: "e", label: "Afficher ou cacher les explications", where: "case" },
    { key: "p", label: "Voir plus de propositions", where: "case" },
    { key: "u", label: "Revenir à la file", where: "case" },
    { key: "/", label: "Chercher", where: "queue case" },
    { key: "?", label: "Cette aide", where: "queue case", run: showHelp },
    { key: "Échap", label: "Quitter la saisie", where: "queue case", name: "Escape", run: leaveField },
  ];
  const REPEATS = new Set(["j", "k"]);

  const root = () => document.querySelector("[data-review]");
  const isQueue = () => root() !== null && root().dataset.review === "queue";
  const announce = (text) => {
    const region = document.getElementById("annonce");
    if (region) {
      region.textContent = text;
    }
  };

  function press(key) {
    for (const element of document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)) {
      if (element.offsetParent === null || element.closest("[hidden]")) {
        continue;
      }
      act(element);
      return true;
    }
    return false;
  }

  function act(element) {
    if (element.matches("textarea, input:not([type=checkbox], [type=radio])")) {
      element.focus();
      element.select();
      return;
    }
    const form = element.form;
    if (form && element.type === "submit" && !form.reportValidity()) {
      return;
    }
    const panel = element.matches("summary") ? element.parentElement : null;
    if (!panel || !panel.open || panel.contains(document.activeElement)) {
      element.click();
    }
    if (panel) {
      const first = panel.open ? panel.querySelector("input:checked, input:not([type=hidden]), textarea") : element;
      (first || element).focus();
    }
  }

  function accept() {
    if (!isQueue()) {
      // Where the engine sees no analysis and no candidate is chosen, its proposal is what v accepts.
      const nontest = document.querySelector("[data-accept-nontest]");
      const chosen = document.querySelector("input[data-col]:checked");
      if (nontest && !chosen && nontest.offsetParent !== null) {
        act(nontest);
      } else {
        press("v");
      }
      return;
    }
    const row = document.querySelector("tr.is-current [data-open]");
    if (row) {
      row.click();
    } else {
      press("v");
    }
  }

  function moveRow(step) {
    const rows = Array.from(document.querySelectorAll("tr[data-row]"));
    if (rows.length === 0) {
      return;
    }
    const current = rows.findIndex((row) => row.classList.contains("is-current"));
    const next = rows[Math.min(Math.max(current + step, 0), rows.length - 1)];
    rows.forEach((row) => row.classList.toggle("is-current", row === next));
    next.querySelector("[data-open]").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  function chooseReason(panel, digit) {
    const radio = panel.querySelectorAll("input[type=radio]")[digit - 1];
    if (radio) {
      radio.checked = true;
      radio.focus();
    }
  }

  function choose(digit) {
    const radio = document.querySelector(`input[data-digit="${digit}"]`);
    if (radio) {
      radio.checked = true;
      radio.focus({ preventScroll: true });
      showChosen();
      announce(`Candidat ${digit} : ${radio.value}`);
    }
  }

  function showChosen() {
    const radio = document.querySelector("input[data-col]:checked");
    const label = document.querySelector("[data-chosen]");
    if (label) {
      label.textContent = radio ? radio.value : "";
    }
  }

  function leaveField() {
    const field = document.activeElement;
    if (field && isTyping(field)) {
      field.blur();
      const title = document.querySelector("[data-review] h1");
      if (title) {
        title.focus({ preventScroll: true });
      }
    }
  }

  function isTyping(element) {
    return element.isContentEditable || element.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  }

  function showHelp() {
    const dialog = document.getElementById("raccourcis");
    const place = dialog && dialog.querySelector("[data-keys]");
    if (!place) {
      return;
    }
    const table = document.createElement("table");
    const here = root().dataset.review;
    for (const entry of KEYS.filter((item) => item.where.split(" ").includes(here))) {
      const row = table.insertRow();
      const key = document.createElement("kbd");
      key.className = "kbd";
      key.textContent = entry.key;
      row.insertCell().append(key);
      row.insertCell().textContent = entry.label;
    }
    place.replaceChildren(table);
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !root()) {
      return;
    }
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("dialog")) {
      return;
    }
    if (isTyping(target) && event.key !== "Escape") {
      return;
    }
    const digit = /^(?:Digit|Numpad)([1-5])$/.exec(event.code);
    if (digit && !isQueue()) {
      event.preventDefault();
      const panel = target.closest("[data-panel][open]");
      if (panel && panel.querySelector("input[type=radio]")) {
        chooseReason(panel, Number(digit[1]));
      } else {
        choose(digit[1]);
      }
      return;
    }
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const entry = KEYS.find((item) => (item.name || item.key) === pressed);
    if (!entry || !entry.where.split(" ").includes(root().dataset.review)) {
      return;
    }
    if (event.repeat && !REPEATS.has(entry.key)) {
      event.preventDefault();
      return;
    }
    // Enter keeps its own meaning on what it can press; on a radio button it submits that button's form.
    if (entry.name === "Enter" && target.matches("a, button, summary, input")) {
      return;
    }
    if (entry.name !== "Escape") {
      event.preventDefault();
    }
    if (entry.run) {
      entry.run();
    } else {
      press(entry.key);
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest('[data-key="?"]') : null;
    if (button) {
      showHelp();
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target instanceof Element && event.target.matches("input[data-col]")) {
      showChosen();
    }
  });

  // ---------- the next cases, fetched in advance ----------
  const pages = new Map();
  const DEPTH = 2;
  // Rows decided since this page was loaded: what was fetched of them before is no longer true.
  const decided = new Set();
  const pathOf = (address) => new URL(address, location.href).pathname;

  function fetchPage(address) {
    if (!pages.has(address)) {
      const page = fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" })
        .then((answer) => (answer.ok && !answer.redirected ? answer.text() : null))
        .then((text) => (text === null ? null : new DOMParser().parseFromString(text, "text/html")))
        .catch(() => null);
      pages.set(address, page);
    }
    return pages.get(address);
  }

  async function fetchAhead(from, depth) {
    const addresses = [from.dataset.nextDecide, from.dataset.status === "decided" ? from.dataset.nextApprove : ""];
    const wanted = addresses.filter((address) => address && !decided.has(pathOf(address)));
    for (const address of new Set(wanted)) {
      const page = await fetchPage(address);
      const next = page && page.getElementById("cas");
      if (next && depth > 1) {
        await fetchAhead(next, depth - 1);
      }
    }
  }

  const isReady = (address) =>
    Promise.race([fetchPage(address), new Promise((resolve) => setTimeout(resolve, 400, null))]);

  function show(element, address, title) {
    document.getElementById("cas").replaceWith(element);
    document.title = title;
    history.pushState({}, "", address);
    window.scrollTo(0, 0);
    begin();
    const heading = element.querySelector("h1");
    if (heading) {
      heading.focus({ preventScroll: true });
    }
  }

  // ---------- decisions sent in the background ----------
  let waiting = 0;
  let undoWanted = false;
  // Answers may overtake each other: only the one of the latest decision is shown.
  let sentCount = 0;

  /** Take back the last decision; one that is still on its way is taken back when it arrives. */
  function undoLast() {
    if (waiting > 0) {
      undoWanted = true;
      announce("Annulation dès que la décision sera enregistrée.");
    } else {
      press("z");
    }
  }

  function answerBox(templateId, message, caseAddress) {
    const box = document.getElementById(templateId).content.firstElementChild.cloneNode(true);
    box.querySelector("[data-message]").textContent = message;
    const link = box.querySelector("[data-case]");
    link.href = caseAddress;
    link.hidden = false;
    return box;
  }

  function place(box) {
    const current = document.getElementById("cas");
    current.querySelectorAll("[data-done], [data-problem]").forEach((old) => old.remove());
    current.querySelector(".case-head").after(box);
  }

  function showDone(outcome) {
    const box = answerBox("modele-fait", outcome.message, outcome.case_url);
    const form = box.querySelector("form");
    if (outcome.undo_url && !outcome.needs_reason) {
      form.setAttribute("action", outcome.undo_url);
      form.elements.version.value = outcome.version;
      form.hidden = false;
    }
    place(box);
    announce(outcome.message);
    if (undoWanted && !form.hidden) {
      undoWanted = false;
      form.requestSubmit();
    }
  }

  function putBack(sent, message) {
    undoWanted = false;
    decided.delete(pathOf(sent.address));
    const current = document.getElementById("cas");
    if (current === sent.replacement) {
      show(sent.element, sent.address, sent.title);
      const box = answerBox("modele-echec", message, sent.address);
      box.querySelector("[data-case]").hidden = true;
      place(box);
      box.focus({ preventScroll: true });
    } else {
      place(answerBox("modele-echec", `${sent.title} : ${message}`, sent.address));
    }
    announce(message);
  }

  async function send(form, submitter, sent) {
    const body = new URLSearchParams(new FormData(form, submitter));
    const number = (sentCount += 1);
    waiting += 1;
    try {
      const answer = await fetch(sent.action, {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        keepalive: true,
      });
      const outcome = await answer.json();
      if (answer.ok) {
        if (number === sentCount) {
          showDone(outcome);
        }
      } else {
        putBack(sent, outcome.detail || "La décision n'a pas été enregistrée.");
      }
    } catch (_error) {
      putBack(sent, "Le serveur ne répond pas : la décision n'a pas été enregistrée.");
    } finally {
      waiting -= 1;
    }
  }

  const takenCode = (submitter) => (submitter && submitter.name === "retenir" ? submitter.value : null);

  /** The radio button of the column meant: the one whose button was pressed, or the one that is checked. */
  function radioOf(submitter) {
    const radios = Array.from(document.querySelectorAll("input[data-col]"));
    const taken = takenCode(submitter);
    return radios.find((item) => (taken ? item.value === taken : item.checked)) || null;
  }

  function isComplete(form, submitter) {
    const action = submitter && submitter.name === "action" ? submitter.value : "choose";
    if (form.id !== "form-choix" || action === "doubt") {
      return true;
    }
    const radio = radioOf(submitter);
    if (!radio) {
      announce("Choisissez d'abord un candidat.");
      return false;
    }
    const justification = document.getElementById("justification");
    if (radio.hasAttribute("data-blocking") && justification && !justification.value.trim()) {
      radio.checked = true;
      showChosen();
      justification.focus();
      announce("Un contrôle bloquant s'oppose à ce code : écrivez une justification, ou choisissez un autre code.");
      return false;
    }
    const reopening = document.getElementById("motif-reouverture");
    if (reopening && !reopening.value.trim()) {
      reopening.focus();
      announce("La ligne est approuvée : écrivez le motif de la réouverture.");
      return false;
    }
    return true;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const submitter = event.submitter;
    if (!(form instanceof HTMLFormElement) || !form.dataset.optimistic || event.defaultPrevented) {
      return;
    }
    // A comment stays on the page; a code taken straight from the search is compared first by the server.
    if ((submitter && submitter.value === "comment") || (takenCode(submitter) && !radioOf(submitter))) {
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (!isComplete(form, submitter)) {
      event.preventDefault();
      return;
    }
    const current = document.getElementById("cas");
    const address = form.dataset.optimistic === "approve" ? current.dataset.nextApprove : current.dataset.nextDecide;
    if (!address || decided.has(pathOf(address))) {
      return;
    }
    event.preventDefault();
    form.dataset.sent = "true";
    const page = await isReady(address);
    const next = page && page.getElementById("cas");
    delete form.dataset.sent;
    if (!next) {
      // Not there in time: the form goes the ordinary way.
      form.dataset.optimistic = "";
      form.requestSubmit(submitter || undefined);
      return;
    }
    // The attribute, not the property: a button named "action" hides it.
    const sent = { element: current, address: location.href, title: document.title, action: form.getAttribute("action") };
    // The form's data are read before the page changes; a clone is shown, so that a failure can show it again.
    sent.replacement = document.importNode(next, true);
    const sending = send(form, submitter, sent);
    decided.add(pathOf(sent.address));
    pages.delete(address);
    show(sent.replacement, address, page.title);
    await sending;
  });

  window.addEventListener("popstate", () => location.reload());

  // ---------- beginning of a page ----------
  function begin() {
    document.querySelectorAll("[data-needs-script]").forEach((element) => element.removeAttribute("hidden"));
    showChosen();
    const current = document.getElementById("cas");
    if (current) {
      fetchAhead(current, DEPTH);
    }
  }

  function beginFirst() {
    begin();
    const problem = document.querySelector("[data-problem]");
    const heading = document.querySelector(".case h1");
    const done = document.querySelector("[data-done] p");
    if (problem) {
      problem.focus({ preventScroll: true });
    } else if (heading && !location.hash) {
      heading.focus({ preventScroll: true });
    }
    if (done) {
      announce(done.firstChild.textContent.trim());
    }
  }

  beginFirst();
})();
