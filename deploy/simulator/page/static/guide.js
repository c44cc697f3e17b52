// The four steps of a first visit: they tick themselves and can be put away for good.
import { t, kept } from "/demo/texts.js";
import { el, icon } from "/demo/bubble.js";

const $ = id => document.getElementById(id);
const KEY = "demo-langkah";
let step = Number(kept.get(KEY) ?? 1), act = {};

/** acts: {fill: write an example, order: () => the order named last}. */
export function begin(acts) {
  act = acts;
  $("guide-x").addEventListener("click", () => { to(9); $("tulis").focus(); });
  draw();
}

/** Step `number` was done; later steps stay open. */
export function done(number) { if (step === number) to(number + 1); }
export const at = () => step;

function to(number) { step = number; kept.set(KEY, String(number)); draw(); }

export function draw() {
  $("guide").hidden = step > 5;
  if (step === 5) {
    $("steps").replaceChildren(el("li", { "aria-current": "step" }, el("span", { "aria-hidden": "true" }, icon("check")), el("span", {}, t("finished"))));
    return;
  }
  $("steps").replaceChildren(...[1, 2, 3, 4].map(number => el("li", { class: number < step ? "done" : "", "aria-current": number === step ? "step" : null },
    el("span", { "aria-hidden": "true" }, number < step ? icon("check") : String(number)),
    el("span", {}, t(`step${number}`), number === step ? button(number) : null))));
}

function button(number) {
  if (number === 1) return el("div", {}, el("button", { class: "btn", type: "button", onclick: act.fill }, t("fill")));
  if (number === 2 || number === 3) {
    const href = act.order() ? `/order/${act.order()}` : "/order";
    return el("div", {}, el("a", { class: "btn", href, target: "_blank", rel: "noopener", onclick: () => setTimeout(() => done(2), 200) }, t("openIt")));
  }
  return null;
}
