// Import pages: how much of a file is sent, and how far the worker is with it. Without it the same stands there on reload.
"use strict";
(() => {
  const $ = (query, from = document) => from.querySelector(query);

  // --- sending: the form as it is, with a bar; a file that is too large is said before it is sent
  const form = $("[data-upload]");
  form?.addEventListener("submit", (event) => {
    const file = $("input[type=file]", form).files[0], box = $("[data-wrong]", form);
    const wrong = (text) => { $("[data-wrong-text]", box).textContent = text; box.hidden = !text; };
    if (!file) return;
    event.preventDefault();
    if (file.size > Number(form.dataset.most)) { wrong(form.dataset.tooLarge); return; }
    wrong("");
    const button = $("button", form), bar = $("[data-sending]", form), request = new XMLHttpRequest();
    const ended = () => { button.disabled = false; bar.hidden = true; wrong(form.dataset.failed); };
    button.disabled = true; bar.hidden = false;
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      const percent = total ? Math.floor(100 * loaded / total) : 0;
      $("progress", bar).value = percent; $("[data-sent]", bar).textContent = percent;
    });
    request.addEventListener("load", () => { if (request.status < 400) location.assign(request.responseURL); else ended(); });
    request.addEventListener("error", ended);
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.send(new FormData(form));
  });

  // --- watching: the stream ends when the worker has nothing more to do; then the page shows what came of it
  const card = $("[data-import]");
  if (!card) return;
  const version = Number(card.dataset.version), working = "working" in card.dataset;
  const phases = working ? JSON.parse(card.dataset.phases) : {};
  function heard(source, said) {
    if (working && said.state === card.dataset.state) {
      $("progress", card).value = said.progress; $("[data-percent]", card).textContent = said.progress;
      const phase = $("[data-phase]", card), word = phases[said.phase] ?? phases[""];
      if (phase.textContent !== word) phase.textContent = word;
      return;
    }
    source.close();
    if (working) location.replace(location.pathname);
    else if (said.version !== version) $("[data-moved]").hidden = false;
  }
  function watch() {
    if (document.hidden && !working) return;
    const source = new EventSource(card.dataset.import);
    const silent = working && setTimeout(() => { source.close(); ask(source); }, 8000); // a proxy that holds the stream back
    source.addEventListener("progress", (message) => { clearTimeout(silent); heard(source, JSON.parse(message.data)); });
    source.addEventListener("sesi", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => { clearTimeout(silent); source.close(); if (working) setTimeout(watch, 2000); });
    if (!working) setTimeout(() => source.close(), 4000);
  }
  async function ask(source) {
    const answer = await fetch(card.dataset.import.replace("/events", "")).catch(() => null);
    if (answer?.ok) heard(source, await answer.json());
    setTimeout(() => ask(source), 4000);
  }
  if (working) watch();
  else setInterval(watch, 20000); // somebody else may decide about it while it is looked at
})();
