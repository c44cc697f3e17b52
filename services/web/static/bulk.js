// Ticks of the queue: kept over live updates, paging and coming back; X ticks, S changes the status of what is ticked.
// The list of arrears ticks the same way, for the page that is on screen.
// On the form of a bulk act it shows the chosen status' reasons only. Without it everything still works.
"use strict";
(() => {
  const $ = (query, from = document) => from.querySelector(query);
  const $$ = (query, from = document) => [...from.querySelectorAll(query)];
  const stored = {
    get() { try { return JSON.parse(sessionStorage.getItem("pilihan")) ?? {}; } catch { return {}; } },
    set(value) { try { sessionStorage.setItem("pilihan", JSON.stringify(value)); } catch { /* private window */ } },
  };

  // --- the queue
  const bar = $("#f-massal, #f-tugas"), rows = $("#baris, #tagihan"), list = $("#antrean")?.dataset.list, most = Number(bar?.dataset.most);
  const here = new URL(location.href), kept = stored.get();
  const picked = new Set(bar && list && kept.list === list && !here.searchParams.has("massal") ? kept.ids : []);
  if (here.searchParams.has("massal")) { here.searchParams.delete("massal"); history.replaceState(null, "", here); }
  if ($("[data-bulk-done]")) stored.set({});
  const boxes = () => $$("input[name=pilih]", rows);
  function show() {
    for (const box of boxes()) box.checked = picked.has(box.value);
    const all = $("[data-bulk-all]"), ticked = boxes().filter((box) => box.checked).length;
    if (all) { all.checked = ticked > 0 && ticked === boxes().length; all.indeterminate = ticked > 0 && !all.checked; }
    const over = picked.size > most, count = $("[data-bulk-count]", bar);
    const words = (over ? count.dataset.over : count.dataset.words).replace("{n}", picked.size);
    if (count.textContent !== words) count.textContent = words;
    bar.classList.toggle("some", picked.size > 0);
    $$("button[name]", bar).forEach((button) => { button.disabled = over; });
    if (list) stored.set({ list, ids: [...picked] });
  }
  function pick(box, on) { if (on) picked.add(box.value); else picked.delete(box.value); }
  function clear() { picked.clear(); show(); }
  if (bar && rows) {
    $$("[data-bulk-script]").forEach((each) => { each.hidden = false; });
    let last; // where a span of ticks begins, with Shift
    document.addEventListener("click", (event) => {
      const box = event.target.closest("tbody input[name=pilih]");
      if (event.target.closest("[data-bulk-clear]")) clear();
      if (!box) return;
      const found = boxes(), from = found.indexOf(last), to = found.indexOf(box);
      if (event.shiftKey && from >= 0) found.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((each) => pick(each, box.checked));
      pick(box, box.checked); last = box; show();
    });
    $("[data-bulk-all]")?.addEventListener("change", (event) => { boxes().forEach((box) => pick(box, event.target.checked)); show(); });
    new MutationObserver(show).observe(rows, { childList: true });
    bar.addEventListener("submit", () => { // those that are not on screen go along
      $$("input[data-bulk-carried]", bar).forEach((each) => each.remove());
      const seen = new Set(boxes().map((box) => box.value));
      for (const id of picked) if (!seen.has(id)) {
        const input = document.createElement("input");
        Object.assign(input, { type: "hidden", name: "pilih", value: id }); input.dataset.bulkCarried = "";
        bar.append(input);
      }
    });
    addEventListener("pageshow", show); // a browser that goes back fills in forms by itself
    document.addEventListener("keydown", (event) => {
      const typing = event.target.matches("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]");
      if (typing || event.isComposing || event.altKey || event.metaKey || event.ctrlKey || $("dialog[open]")) return;
      if (event.key === "Escape" && picked.size && !$("details.pop[open]") && !$("#antrean.open")) { clear(); return; }
      if ("noShortcuts" in document.body.dataset) return;
      const key = event.key.toLowerCase();
      if (key === "x") {
        const row = event.target.closest("tbody tr") ?? $("tr:has(a[aria-current])", rows), box = row && $("input[name=pilih]", row);
        if (box) { event.preventDefault(); pick(box, !box.checked); last = box; show(); }
      } else if (key === "s" && picked.size) {
        const button = $("button[value=status]", bar);
        if (button && !button.disabled) { event.preventDefault(); bar.requestSubmit(button); }
      }
    });
    show();
  }

  // --- the form: reasons follow the chosen status
  const form = $("[data-bulk-form]"), field = $("[data-bulk-reason]", form ?? document), select = field && $("select", field);
  const groups = select ? $$("optgroup", select) : [];
  function fit() {
    const chosen = $("input[name=status]:checked", form)?.value, group = groups.find((each) => each.dataset.status === chosen);
    const value = select.value;
    groups.forEach((each) => each.remove());
    if (group) select.append(group);
    select.value = value; if (select.selectedIndex < 0) select.value = "";
    field.hidden = !group;
  }
  if (form && select) { form.addEventListener("change", (event) => { if (event.target.name === "status") fit(); }); fit(); }
})();
