// The right pane: the order on the dashboard, the last raw update, and the network with its faults.
import { t } from "/demo/texts.js";
import { el } from "/demo/bubble.js";

const $ = id => document.getElementById(id);
let current = "", shown = "", pending = 0;
export const changed = new EventTarget();

/** The order named last, drawn by the dashboard itself; `soon` asks again a moment later, when the bot has acted. */
export function order(no, soon = false) {
  if (no !== current) { current = no; shown = ""; }
  clearTimeout(pending);
  if (soon) pending = setTimeout(() => order(current), 1200);
  return fetchOrder();
}
export const orderNow = () => current;

async function fetchOrder() {
  const no = current, box = $("order");
  if (!no) { note(box, t("noOrder")); return; }
  let answer;
  try {
    answer = await fetch(`/order/${no}/ringkas`, { redirect: "manual", credentials: "same-origin", headers: { Accept: "text/html" } });
  } catch { return fallback(no, t("noDashboard")); }
  if (no !== current) return;
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return signIn(no);
  if (answer.status === 404) return fallback(no, t("unknownOrder"));
  if (!answer.ok) return fallback(no, t("noDashboard"));
  const html = await answer.text();
  if (html === shown && box.dataset.no === no) return;
  const doc = new DOMParser().parseFromString(html, "text/html");
  doc.querySelectorAll("script,style,link,iframe,form").forEach(node => node.remove());
  doc.querySelectorAll("a").forEach(a => { a.target = "_blank"; a.rel = "noopener"; });
  const before = status(box);
  box.replaceChildren(...doc.body.childNodes);
  box.dataset.no = no;
  if (!box.querySelector("a")) box.append(queueLink(no));
  const again = shown !== "" && before !== status(box);
  shown = html;
  if (again) changed.dispatchEvent(new CustomEvent("status", { detail: no }));
}

const status = box => box.querySelector(".st")?.textContent.trim() ?? "";
const queueLink = no => el("a", { class: "sm", href: `/order/${no}`, target: "_blank", rel: "noopener" }, t("open"));
const note = (box, ...parts) => { delete box.dataset.no; box.replaceChildren(el("p", { class: "dim sm" }, ...parts)); };
function fallback(no, why) { shown = ""; note($("order"), el("span", { class: "mono" }, no), ` ${why}`); $("order").append(queueLink(no)); }
function signIn(no) {
  shown = "";
  const next = encodeURIComponent(`/order/${no}`);
  note($("order"), el("a", { href: `/masuk?ke=${next}`, target: "_blank", rel: "noopener" }, t("signIn")), ` ${t("signInWhy")}`);
  $("order").append(queueLink(no));
}

export function raw(text) {
  let pretty = text ?? t("noRaw");
  try { if (text) pretty = JSON.stringify(JSON.parse(text), null, 1); } catch { /* a malformed update is shown as it is */ }
  $("raw").textContent = pretty;
}

let due = 0;
/** Fresh figures after an event, at most three times a second and only while the drawer is open. */
export function network() {
  if (!$("net").open || due) return;
  due = setTimeout(() => { due = 0; look(); }, 300);
}

/** The figures, and whether a bot listens: the "listening" event tells. */
async function look() {
  try {
    const figures = await (await fetch("/demo/network")).json();
    if ($("net").open) draw(figures);
    changed.dispatchEvent(new CustomEvent("listening", { detail: figures.listening || figures.down }));
  } catch { /* the live line says it */ }
}

function draw(figures) {
  $("figs").replaceChildren(...["calls", "sent", "last_minute", "too_many", "violations", "waiting"].flatMap(key => [
    el("dt", {}, t(key)), el("dd", { class: key === "violations" && figures[key] ? "red" : "" }, figures[key].toLocaleString("id-ID")),
  ]));
  for (const name of ["down", "slow", "cut"]) {
    let box = $(`sw-${name}`);
    if (!box) {
      box = el("input", { type: "checkbox", id: `sw-${name}`, role: "switch", onchange: () => flip(name, box.checked) });
      $("switches").append(el("label", { for: `sw-${name}` }, box, el("span", { "data-t": name }, t(name))));
    }
    box.checked = figures[name];
  }
}

async function flip(name, on) {
  try {
    const answer = await fetch("/demo/switch", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name, on }) });
    if (answer.ok) return draw(await answer.json());
  } catch { /* shown by the switch going back */ }
  $(`sw-${name}`).checked = !on;
}

export function begin() {
  $("net").addEventListener("toggle", network);
  look();
  setInterval(() => { if (!document.hidden) { look(); if (current) fetchOrder(); } }, 5000);
}
