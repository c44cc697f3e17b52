// Live words about people: who else has this order open, and notices of orders that were taken from or given to one.
// It only shows what the server says, as text; without it pages say the same when they are loaded.
"use strict";
(() => {
  const listened = new WeakSet(), csrf = () => document.querySelector("form[action='/keluar'] input[name=csrf]")?.value ?? "";
  document.addEventListener("htmx:sseOpen", ({ detail: { source } }) => {
    if (listened.has(source)) return;
    listened.add(source);
    source.addEventListener("kabar", (message) => tell(JSON.parse(message.data)));
    source.addEventListener("pembaca", (message) => readers(JSON.parse(message.data)));
  });
  function tell({ id, text, note, href }) {
    if (document.getElementById(`kabar-${id}`)) return;
    const box = document.createElement("div"), said = document.createElement("span"), link = document.createElement("a");
    box.className = "toast"; box.id = `kabar-${id}`; box.dataset.toast = ""; box.dataset.age = -25; // half a minute, not five seconds
    said.textContent = note ? `${text} “${note}”` : text;
    link.className = "btn mini"; link.href = href; link.textContent = document.getElementById("toasts").dataset.open;
    box.append(said, link);
    [...document.querySelectorAll("[id^='kabar-']")].slice(0, -2).forEach((old) => old.remove()); // a bulk change tells of many
    document.getElementById("toasts").append(box);
  }
  function readers({ no, text, mark }) {
    const box = document.getElementById(`juga-${no}`);
    if (!box || box.dataset.mark === mark) return;
    const line = box.firstElementChild;
    box.dataset.mark = mark;
    line.querySelector("[data-readers-text]").textContent = text;
    line.hidden = !text;
  }

  // a page that shows an order says so by its heartbeat; when it shows another, or is left, it says that too
  let shown = "";
  const now = () => document.querySelector("#rincian .panel")?.dataset.no ?? "";
  function left(no) {
    if (no) navigator.sendBeacon(`/order/${encodeURIComponent(no)}/tutup`, new URLSearchParams({ csrf: csrf() }));
  }
  const box = document.getElementById("rincian");
  if (box) new MutationObserver(() => { if (now() !== shown) { left(shown); shown = now(); } }).observe(box, { childList: true });
  shown = now();
  addEventListener("pagehide", () => left(now()));
})();
