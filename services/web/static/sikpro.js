// What pages do beyond links and forms: shortcuts, side panel, live rows, timers, undo. Without it everything still works.
// No eval, no inline handlers, no markup from strings typed by people. htmx does the requests; this file only steers it.
"use strict";
(() => {
  const $ = (query, from = document) => from.querySelector(query);
  const $$ = (query, from = document) => [...from.querySelectorAll(query)];
  const root = document.documentElement;
  const kata = JSON.parse($("meta[name=kata]").content); // every word said here, in the reader's language
  const say = (key, fields) => kata[key].replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  const stored = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* private window */ } },
  };
  function prefer(name, value) { // kept with the person, so that it follows to other browsers; nobody is told when it fails
    const csrf = $("form[action='/keluar'] input[name=csrf]")?.value;
    if (csrf) fetch("/profil/tampilan", { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf, [name]: value }) }).catch(() => {});
  }
  const split = $("#antrean"), panelBox = $("#rincian"), rows = $("#baris");
  const wide = () => matchMedia("(min-width: 861px)").matches;
  const skew = Number(document.body.dataset.now) * 1000 - Date.now(); // the server's clock rules
  const now = () => Date.now() + skew;
  const timeZone = document.body.dataset.zone;
  const clock = new Intl.DateTimeFormat("id-ID", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  const zoneWord = document.body.dataset.hour.split(/\s/)[1] ?? "";
  const hour = (at = now()) => `${clock.format(at).replace(".", ":")} ${zoneWord}`;
  const copyOf = (id) => $(id).content.firstElementChild.cloneNode(true);

  // --- toasts: stay while hovered or focused; an undo lives as long as its countdown
  const toasts = $("#toasts");
  function toast(text, retry) {
    let box;
    if (retry) {
      box = copyOf("#t-gagal");
      $("[data-text]", box).textContent = text;
      $("[data-retry]", box).addEventListener("click", () => { box.remove(); retry(); });
    } else {
      box = document.createElement("div");
      box.className = "toast"; box.dataset.toast = ""; box.textContent = text;
    }
    toasts.append(box);
  }
  setInterval(() => {
    for (const box of $$("[data-toast]", toasts)) {
      const count = $("[data-count]", box), left = count ? Number(count.dataset.count) - 1 : -1;
      if (count && left >= 0) {
        count.dataset.count = left; count.textContent = left;
        if (left > 0) continue;
        const message = $("[data-message]", box);
        if (message) message.textContent = kata.sending;
        $("form", box)?.remove(); box.removeAttribute("data-undo");
      }
      const age = Number(box.dataset.age ?? 0) + 1;
      if (!box.matches(":hover") && !box.contains(document.activeElement)) box.dataset.age = age;
      if (age > (box.matches(".gagal") ? 30 : 5)) box.remove();
    }
  }, 1000);

  // --- clicks
  document.addEventListener("click", (event) => {
    const at = (query) => event.target.closest(query);
    const button = at("[data-theme-toggle],[data-help],[data-copy],[data-show-new],[data-reveal],[data-fix],[data-print]")
      ?? at("[data-close],[data-open-again],[data-reconnect],a.id");
    $$("details.pop[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    if (!button) return;
    const said = button.dataset;
    if ("themeToggle" in said) {
      const system = !["light", "dark"].includes(root.dataset.theme);
      const dark = system ? matchMedia("(prefers-color-scheme: dark)").matches : root.dataset.theme === "dark";
      root.dataset.theme = dark ? "light" : "dark"; stored.set("tema", root.dataset.theme); prefer("theme", root.dataset.theme);
    } else if ("help" in said) $("#bantuan")?.showModal();
    else if ("copy" in said) navigator.clipboard?.writeText(said.copy).then(() => toast(say("copied", { what: said.copy })), () => toast(kata.not_copied));
    else if ("print" in said) print();
    else if ("showNew" in said) showNew();
    else if ("reveal" in said) document.getElementById(said.reveal).type = button.checked ? "text" : "password";
    else if ("fix" in said) {
      const field = document.getElementById(said.fix);
      if (!field) return;
      event.preventDefault(); field.value = button.value; field.focus(); field.dispatchEvent(new Event("change", { bubbles: true }));
    } else if ("close" in said && split && wide() && !split.hasAttribute("data-alone")) { event.preventDefault(); close(); }
    else if ("openAgain" in said) open(panelBox.dataset.order || $(".panel", panelBox)?.dataset.no);
    else if ("reconnect" in said) location.reload();
    else if (said.order && split && window.htmx && wide() && !(event.ctrlKey || event.metaKey || event.shiftKey || event.button)) {
      event.preventDefault(); open(said.order);
    }
  });

  $$("[data-print]").forEach((button) => { button.hidden = false; });

  // --- the side panel
  const drafts = new Map(); // what was typed for an order and not saved yet
  function at(key, part = "") { // a row's key is its number, or number~id where an open or newer order has that number
    const list = new URL(split.dataset.list, location.href), [no, id] = key.split("~");
    if (part && split.hasAttribute("data-alone")) list.searchParams.set("sendiri", "1");
    if (id) list.searchParams.set("id", id);
    return `/order/${encodeURIComponent(no)}${part}${list.search}`;
  }
  const here = (key) => at(key);
  let slow, opening = "";
  function open(no) {
    if (!no) return;
    opening = no; panelBox.dataset.order = no;
    mark(no); split.classList.add("open");
    clearTimeout(slow);
    slow = setTimeout(() => { panelBox.replaceChildren($("#t-memuat").content.cloneNode(true)); }, 300);
    htmx.ajax("GET", at(no, "/panel"), { target: "#rincian", swap: "innerHTML" });
  }
  function close() {
    clearTimeout(slow); opening = "";
    const no = $(".panel", panelBox)?.dataset.no;
    split.classList.remove("open"); panelBox.replaceChildren(); mark("");
    history.replaceState(null, "", split.dataset.list);
    if (no) document.getElementById(`a-${no}`)?.focus();
  }
  function mark(no) {
    for (const link of $$("a.id", rows)) {
      if (link.dataset.order === no) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  }
  function panelFailed(why) {
    clearTimeout(slow);
    const box = copyOf("#t-panel-gagal"); $("[data-text]", box).textContent = why; panelBox.replaceChildren(box);
  }
  function dressPanel() {
    clearTimeout(slow);
    const panel = $(".panel", panelBox ?? document);
    if (!panel) return;
    const form = $("#f-status", panel), draft = drafts.get(panel.dataset.no);
    if (form && draft && !panel.hasAttribute("data-wrong")) {
      form.elements.note.value = draft.note;
      if (draft.status) { const radio = $(`input[value="${CSS.escape(draft.status)}"]:not(:disabled)`, form); if (radio) radio.checked = true; }
      if (draft.reason && form.elements.reason) form.elements.reason.value = draft.reason;
    }
    if (form) fitReasons(form);
    $("[data-focus]", panel)?.focus();
  }
  document.addEventListener("input", (event) => {
    const form = event.target.closest("#f-status");
    if (!form) return;
    if (event.target.name === "status") fitReasons(form);
    const no = form.closest(".panel").dataset.no, { note, status, reason } = form.elements;
    drafts.set(no, { note: note.value, status: status.value, reason: reason?.value ?? "" });
  });

  // reasons follow the chosen status; the whole list is kept aside, since options cannot be hidden everywhere
  const allReasons = new WeakMap();
  function fitReasons(form) {
    const field = $("[data-reason]", form), select = form.elements.reason;
    if (!field) return;
    if (!allReasons.has(select)) allReasons.set(select, $$("optgroup", select).map((group) => group.cloneNode(true)));
    const chosen = $("input[name=status]:checked", form), group = allReasons.get(select).find((each) => each.dataset.status === chosen?.value);
    const kept = select.value;
    $$("optgroup, option:not([value=''])", select).forEach((each) => each.remove());
    field.hidden = !group;
    select.required = Boolean(group && chosen.hasAttribute("data-needs-reason"));
    if (!group) { select.value = ""; return; }
    select.append(...[...group.cloneNode(true).children]);
    select.value = kept; if (select.selectedIndex < 0) select.value = "";
    $("[data-reason-for]", field).textContent = say("for_status", { status: group.label.toLowerCase() });
  }

  // --- htmx: what comes back
  let opened = []; // tables folded out on the dashboard stay so
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (target?.id === "rincian" && xhr.status >= 400) {
      panelFailed(xhr.status === 404 ? kata.no_order : say("answered", { status: xhr.status }));
      return;
    }
    if (target?.id === "rincian" && opening && !xhr.responseText.includes(`id="d-${opening}"`)) { // an older click
      event.detail.shouldSwap = false;
      return;
    }
    const answer = event.detail.serverResponse;
    if (typeof answer === "string" && answer.includes("data-oob")) {
      const onScreen = (part, id) => (document.getElementById(id) ? part : "");
      event.detail.serverResponse = answer.replace(/<template data-oob="([^"]+)">[\s\S]*?<\/template>/g, onScreen);
      const done = xhr.status < 400 && /<template data-oob="d-([^"]+)"/.exec(xhr.responseText)?.[1];
      if (done) { drafts.delete(done); mine.set(done, Date.now()); }
    }
    if (target?.id === "dasbor") opened = $$("details[open]", target).map((each) => each.id);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "rincian") { dressPanel(); history.replaceState(null, "", here($(".panel", panelBox).dataset.no)); }
    for (const id of opened.splice(0)) { const box = document.getElementById(id); if (box) box.open = true; }
    dropDoubles(); tick();
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.target?.classList?.contains("panel") || event.detail.target?.classList?.contains("panel")) dressPanel();
  });
  document.addEventListener("htmx:afterRequest", (event) => { // undone: its toast has said enough; only the last change can be undone
    if (event.detail.successful) event.detail.elt.closest("[data-toast]")?.remove();
    $$("[data-undo]", toasts).slice(0, -1).forEach((box) => box.remove());
  });
  function failed(event) {
    const { xhr, elt, target } = event.detail;
    if (elt?.id === "dasbor") return; // it asks again by itself
    if (target?.id === "rincian") { panelFailed(xhr?.status ? say("answered", { status: xhr.status }) : kata.silent); return; }
    if (xhr?.status === 401) {
      toast(kata.sign_in, () => again(elt));
      return;
    }
    const said = xhr?.status ? say("answered", { status: xhr.status }) : kata.silent;
    const why = xhr?.status === 403 ? kata.not_allowed : said;
    toast(say("unsaved", { why }), () => again(elt));
  }
  function again(element) { // the same request key: a lost answer does no harm
    if (!element?.matches("form")) element?.click();
    else if (lastButton?.form === element && lastButton.isConnected) lastButton.click(); // clicked, so that its value goes along
    else element.requestSubmit();
  }
  let lastButton;
  document.addEventListener("submit", (event) => { lastButton = event.submitter; }, true);
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, failed);

  // --- live: rows change in place, new ones wait behind a counter
  const waiting = new Set(), mine = new Map(); // mine: orders I changed just now, their echo needs no dot
  const live = $("[data-live]"), liveText = $("[data-live-text]"), banner = $("#putus");
  let heard = now(), lost = 0, lostTimer;
  function state(word, broken) {
    if (!live) return;
    live.classList.remove("diam"); live.classList.toggle("putus", broken);
    if (liveText.textContent !== word) liveText.textContent = word;
  }
  document.addEventListener("htmx:sseOpen", (event) => {
    const { source } = event.detail, was = lost;
    clearTimeout(lostTimer); lost = 0; heard = now(); banner.hidden = true;
    state(say("live", { hour: hour() }), false);
    if (was && rows) catchUp();
    if (listened.has(source)) return;
    listened.add(source);
    source.addEventListener("baru", (message) => { heard = now(); arrived(message.data.trim()); });
    source.addEventListener("hitung", (message) => { heard = now(); counts(JSON.parse(message.data)); });
    source.addEventListener("sesi", () => { source.close(); state(kata.ended, true); toast(kata.signed_out, () => location.reload()); });
  });
  const listened = new WeakSet();
  document.addEventListener("htmx:sseError", () => {
    if (lost) return;
    lost = now(); state(kata.again, true);
    lostTimer = setTimeout(() => {
      state(say("lost", { hour: hour(lost) }), true);
      $("[data-offline-text]", banner).textContent = say("offline", { hour: hour(heard) });
      banner.hidden = false;
    }, 10000);
  });
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    heard = now();
    const id = /<tr id="(r-[^"]+)"/.exec(event.detail.data)?.[1], row = id && document.getElementById(id);
    if (!row) { event.preventDefault(); return; } // not on screen
    const version = Number(/data-version="(\d+)"/.exec(event.detail.data)?.[1]);
    if (version < Number(row.dataset.version)) { event.preventDefault(); return; } // older than what is shown
    setTimeout(() => settle(id.slice(2), version)); // after the swap
  });
  function settle(no, version) {
    const row = document.getElementById(`r-${no}`), panel = $(".panel", panelBox);
    $("a.id", row)?.setAttribute("href", here(no));
    if (Date.now() - (mine.get(no) ?? 0) < 10000) { row?.classList.remove("baru-saja"); $(".dot", row)?.remove(); }
    setTimeout(() => seen(document.getElementById(`r-${no}`)), 60000);
    mark(panel?.dataset.no ?? "");
    if (panel?.dataset.no !== no || !(version > Number(panel.dataset.version))) return;
    if (row && "gone" in row.dataset) { panelFailed(kata.no_order); return; } // deleted
    const note = $("[data-stale]", panel);
    if (note && (drafts.has(no) || panel.contains(document.activeElement))) note.hidden = false; else open(no);
  }
  function seen(row) { row?.classList.remove("baru-saja"); if (row) $(".dot", row)?.remove(); }
  rows?.addEventListener("mouseover", (event) => seen(event.target.closest("tr.baru-saja")));
  function arrived(no) {
    if (!rows || document.getElementById(`r-${no}`)) return;
    waiting.add(no); showCount();
  }
  function showCount() {
    const pill = $("[data-show-new]");
    if (!pill) return;
    pill.hidden = !waiting.size; $("[data-new]", pill).textContent = waiting.size;
    document.title = document.title.replace(/^(\(\d+\) )?/, waiting.size ? `(${waiting.size}) ` : "");
  }
  function showNew() {
    if (!split) return;
    waiting.clear(); showCount();
    htmx.ajax("GET", split.dataset.rows, { target: "#baris", swap: "innerHTML" }).then(() => {
      mark($(".panel", panelBox)?.dataset.no ?? "");
      $(".qlist")?.scrollTo(0, 0);
    });
  }
  function counts(numbers) {
    for (const [key, n] of Object.entries(numbers)) for (const box of $$(`[data-hitung="${CSS.escape(key)}"]`)) {
      box.textContent = n.toLocaleString("id-ID");
      if ("hot" in box.dataset) box.classList.toggle("hot", n > 0);
    }
  }
  async function catchUp() { // after a break: refresh what is on screen where it stands, count what is not
    const answer = await fetch(split.dataset.rows, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return;
    const box = document.createElement("template");
    box.innerHTML = await answer.text(); // our own rows, escaped by the server
    for (const fresh of $$("tr[id^='r-']", box.content)) {
      const old = document.getElementById(fresh.id);
      if (!old) { arrived(fresh.id.slice(2)); continue; }
      if (old.dataset.version === fresh.dataset.version) continue;
      const focused = old.contains(document.activeElement);
      old.replaceWith(fresh);
      if (focused) $("a.id", fresh).focus();
    }
    mark($(".panel", panelBox)?.dataset.no ?? ""); tick();
  }
  function dropDoubles() {
    const met = new Set();
    for (const row of $$("tr[id^='r-']", rows ?? document)) { if (met.has(row.id)) row.remove(); met.add(row.id); }
    if (rows) { for (const no of [...waiting]) if (met.has(`r-${no}`)) waiting.delete(no); showCount(); }
  }

  // --- timers: from due moments; they stop when the working day ends
  function words(minutes) {
    const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = minutes % 60;
    const parts = days ? [`${days} ${kata.hari}`, hours && `${hours} ${kata.j}`] : [hours && `${hours} ${kata.j}`, (rest || !hours) && `${rest} ${kata.mnt}`];
    return parts.filter(Boolean).join(" ").replaceAll(" ", "\u00a0");
  }
  function tick() {
    for (const box of $$("[data-due]")) {
      const at = Math.min(now() / 1000, Number(box.dataset.stops ?? Infinity)), left = Number(box.dataset.due) - at;
      const kind = left <= 0 ? "lewat" : left <= Number(box.dataset.near) ? "dekat" : "ok";
      const said = $("[data-sla-said]", box), long = !said.classList.contains("sr");
      box.classList.remove("lewat", "dekat", "ok"); box.classList.add(kind);
      said.textContent = kind === "lewat" ? kata.late : kata.left;
      const late = `${long ? "" : "+"}${words(Math.max(1, Math.floor(-left / 60)))}`;
      $("[data-sla]", box).textContent = left <= 0 ? late : words(Math.max(1, Math.ceil((left - 1) / 60)));
    }
    if (!lost && live && !live.classList.contains("putus")) state(say("live", { hour: hour() }), false);
  }
  setInterval(tick, 60000);

  // --- keyboard: single keys, never while typing, can be turned off (WCAG 2.1.4)
  const shortcuts = $("[data-shortcuts]");
  if (shortcuts) {
    shortcuts.addEventListener("change", () => {
      document.body.toggleAttribute("data-no-shortcuts", !shortcuts.checked); prefer("shortcuts", shortcuts.checked ? "on" : "off");
    });
  }
  let going = 0;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const save = $("[data-save]"), form = save?.form;
      if (form && (form.contains(event.target) || !typing)) { event.preventDefault(); save.click(); }
      return;
    }
    if (event.altKey || event.metaKey || event.ctrlKey || $("dialog[open]")) return;
    if (event.key === "Escape") { escape(event.target, typing); return; }
    if (typing || event.isComposing || "noShortcuts" in document.body.dataset) return;
    const key = event.key.toLowerCase(), pair = Date.now() - going < 1500 ? { d: "/", o: "/order" }[key] : null;
    going = 0;
    if (pair) { event.preventDefault(); location.assign(pair); return; }
    const act = {
      j: () => step(1), k: () => step(-1), "/": () => $("#cari")?.select(), "?": () => $("#bantuan")?.showModal(),
      ".": () => { if (waiting.size) showNew(); }, g: () => { going = Date.now(); },
      n: () => { const link = $(".top a[href='/order/baru']"); if (link) location.assign(link.href); },
      a: () => { const take = $("[data-take]"); if (take?.matches("form")) take.requestSubmit(); else take?.click(); }, u: () => $$("[data-undo] form").at(-1)?.requestSubmit(),
    }[key];
    if (act) { event.preventDefault(); act(); return; }
    const radio = /^[1-9]$/.test(key) && $$(".pick input")[key - 1];
    if (!radio) return;
    event.preventDefault();
    if (radio.disabled) { toast(document.getElementById(radio.getAttribute("aria-describedby"))?.textContent ?? kata.unavailable); return; }
    radio.checked = true; radio.focus(); radio.dispatchEvent(new Event("input", { bubbles: true }));
  });
  function step(by) {
    const links = $$("a.id"), focused = links.indexOf(document.activeElement);
    const from = focused < 0 ? links.findIndex((link) => link.hasAttribute("aria-current")) : focused;
    const to = links[Math.max(0, Math.min(links.length - 1, from < 0 ? 0 : from + by))];
    to?.focus(); to?.scrollIntoView({ block: "nearest" });
  }
  function escape(target, typing) {
    const menu = $("details.pop[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); } else if (typing) target.blur();
    else if (split && wide() && split.classList.contains("open") && !split.hasAttribute("data-alone")) close();
  }

  // --- forms: codes are upper case without spaces; a page with something typed does not close in silence
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-code]")) event.target.value = event.target.value.replace(/\s+/g, "").toUpperCase();
  }, true);
  let touched = false;
  document.addEventListener("input", (event) => { if (event.target.closest("[data-guard]")) touched = true; });
  document.addEventListener("submit", (event) => { if (event.target.matches("[data-guard]")) touched = false; });
  addEventListener("beforeunload", (event) => { if (touched || [...drafts.values()].some((draft) => draft.note.trim())) event.preventDefault(); });

  $$("[data-script]").forEach((each) => { each.hidden = false; });
  if (live) state(kata.connecting, true);
  dressPanel(); tick();
  $("main [data-focus]")?.focus();
})();
