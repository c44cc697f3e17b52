// The chat page: who I am, which chat is open, what happens in it. Everything it knows comes from /demo/state and the live line.
import { t, speak, spoken, kept } from "/demo/texts.js";
import { bubble, serviceLine, el, icon, initials, fullName, plain, dayOf } from "/demo/bubble.js";
import * as wire from "/demo/wire.js";
import * as guide from "/demo/guide.js";
import * as compose from "/demo/compose.js";

const $ = id => document.getElementById(id), root = document.documentElement;
const late = [];
let turn = 0, opening = false, low = true, listening = true, me = Number(kept.get("demo-orang") ?? 0), people = [], chats = [], doors = [], chat = null, records = new Map(), thread = 0, line = null, typing = 0, stale = 0, counted = 0;

export async function send(path, body) {
  const form = body instanceof FormData;
  const answer = await fetch(path, { method: "POST", body: form ? body : JSON.stringify(body), headers: form ? {} : { "Content-Type": "application/json" } });
  const result = await answer.json().catch(() => ({ error: answer.statusText }));
  if (!answer.ok) throw new Error(result.error ?? answer.statusText);
  return result;
}

export function toast(text, wait = 4500) {
  const box = el("div", { class: "toast" }, text);
  $("toasts").append(box);
  setTimeout(() => box.remove(), wait);
}

/** What the simulator says at `path`, or null: the live line shows that it is away, and asks again. */
async function read(path) {
  try {
    const answer = await fetch(path);
    return answer.ok ? await answer.json() : null;
  } catch { status(false); return null; }
}

function later() { clearTimeout(stale); stale = setTimeout(load, 150); }

async function load() {
  const asked = me, before = counted, state = await read(`/demo/state?as=${me}`);
  if (!state || asked !== me) return;
  if (counted !== before) later(); // what came meanwhile may be missing in this state
  ({ people, chats, doors } = state);
  me = state.me;
  drawPeople();
  drawChats();
  drawDoors();
  const open = chats.find(item => item.id === chat?.id) ?? chats.find(item => item.id === Number(kept.get(`demo-obrolan-${me}`))) ?? chats[0];
  if (open && open.id !== chat?.id) await openChat(open.id);
  else if (open) { chat = open; drawHead(); } else { $("log").replaceChildren(el("p", { class: "hello" }, t("nobody"))); wire.raw(null); wire.order(""); }
}

function drawPeople() {
  const search = $("cari-orang"), wanted = search.value.trim().toLowerCase();
  search.hidden = people.length < 20;
  const shown = people.filter(person => !wanted || `${person.name} ${person.note}`.toLowerCase().includes(wanted));
  keepFocus($("people"), shown.map(person => el("li", {}, el("button", { type: "button", "data-key": person.id, "aria-current": person.id === me ? "true" : null, onclick: () => become(person.id) },
    el("span", { class: "ava", "aria-hidden": "true" }, initials(person.name)), el("span", {}, person.name, el("small", {}, person.note))))));
}

function drawChats() {
  keepFocus($("chats"), chats.map(item => el("li", {}, el("button", { type: "button", "data-key": item.id, "aria-current": item.id === chat?.id ? "true" : null, onclick: () => { openChat(item.id); pane("obrolan"); } },
    el("span", { class: "ava", "aria-hidden": "true" }, item.type === "private" ? "SP" : initials(item.title)), el("span", {}, title(item), el("small", {}, about(item))),
    item.unread ? el("span", { class: "n" }, el("span", { "aria-hidden": "true" }, String(item.unread)), el("span", { class: "sr" }, t("unread", item.unread))) : null))));
  $("chats-h").hidden = !chats.length;
}

/** Invite links as they would have come by another chat: opening one joins its group, or asks to. */
function drawDoors() {
  $("doors-box").hidden = !doors.length;
  keepFocus($("doors"), doors.map(door => el("li", {}, el("button", { type: "button", "data-key": door.link, onclick: () => knock(door) },
    el("span", { class: "ava", "aria-hidden": "true" }, initials(door.title)), el("span", {}, door.title, el("small", {}, [door.name, door.asked ? t("asks") : t("knock")].filter(Boolean).join(" · ")))))));
}

async function knock(door) {
  try {
    const came = await send("/demo/knock", { user: me, link: door.link });
    toast(came.joined ? t("joinedNow") : t("askedNow"));
  } catch (error) { toast(t("notSent", error.message)); }
}

/** Replace a list without losing the place of the keyboard. */
function keepFocus(list, items) {
  const key = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...items);
  if (key) list.querySelector(`[data-key="${key}"]`)?.focus();
}

const title = item => item.type === "private" ? "SIKPRO Bot" : item.title;
function about(item) {
  if (item.type === "private") return item.blocked ? t("blocked") : t("bot");
  return ["administrator", "member", "creator"].includes(item.bot) ? t("members", item.members) : `${t("members", item.members)}, ${t("notInGroup")}`;
}

async function become(person) {
  me = person;
  kept.set("demo-orang", String(me));
  chat = null;
  turn += 1;
  opening = false;
  connect();
  await load();
  if ($("isi").dataset.pane === "orang" && !matchMedia("(max-width: 1100px)").matches) $("tulis").focus();
  if (chats.length === 1) pane("obrolan");
}

async function openChat(id) {
  const meant = ++turn;
  opening = true;
  late.length = 0;
  const opened = await read(`/demo/messages?as=${me}&chat=${id}`);
  if (meant !== turn) return;  // another click was quicker
  opening = false;
  if (!opened) return;
  if (chat?.id !== id) { thread = 0; compose.clearReply(); }
  chat = opened.chat;
  kept.set(`demo-obrolan-${me}`, String(id));
  records = new Map(opened.messages.map(record => [record.message.message_id, record]));
  compose.commands(opened.commands);
  drawHead();
  drawLog();
  wire.raw(opened.raw);
  showOrder();
  markRead();
  late.splice(0).forEach(happened);  // what came over the live line while the chat was on its way
}

function drawHead() {
  $("chat-name").textContent = title(chat);
  $("chat-note").textContent = about(chat);
  $("chat-ava").textContent = chat.type === "private" ? "SP" : initials(chat.title);
  const block = $("blokir");
  block.hidden = chat.type !== "private" || !chat.started;
  block.textContent = chat.blocked ? t("unblock") : t("block");
  $("keluar").hidden = chat.type === "private";
  const gone = $("keluarkan");
  gone.hidden = !chat.removable.length;
  gone.replaceChildren(el("option", { value: "" }, t("removeWhom")), ...chat.removable.map(person => el("option", { value: person.id }, person.name)));
  $("topics").hidden = !chat.topics.length;
  $("topics").replaceChildren(...(chat.topics.length ? [{ message_thread_id: 0, name: t("general") }, ...chat.topics] : []).map(topic =>
    el("button", { class: "chip", type: "button", "aria-pressed": String(topic.message_thread_id === thread), onclick: () => { thread = topic.message_thread_id; drawHead(); drawLog(); } }, topic.name)));
}

const here = record => !chat.topics.length || (record.message.message_thread_id ?? 0) === thread;
const acts = {
  press: async (message, button, key) => {
    key.setAttribute("aria-busy", "true");
    setTimeout(() => key.removeAttribute("aria-busy"), 4000);
    try { await send("/demo/press", { chat: chat.id, user: me, message_id: message.message_id, data: button.callback_data }); } catch (error) { key.removeAttribute("aria-busy"); toast(t("notSent", error.message)); }
  },
  reply: record => compose.replyTo(record, record.by_bot ? "SIKPRO Bot" : fullName(record.message.from)),
  write: text => compose.write(text),
  jump: id => { const box = $(`m${id}`); if (box) { box.scrollIntoView({ block: "center" }); box.classList.remove("fresh"); requestAnimationFrame(() => box.classList.add("fresh")); } },
  copy: text => navigator.clipboard?.writeText(text).then(() => toast(t("copied", text)), () => toast(text)),
};

function node(record) {
  return record.service ? serviceLine(record) : bubble(record, me, chat.type !== "private", acts);
}

function drawLog() {
  const log = $("log"), nodes = [];
  let day = "";
  if (records.size >= 200) nodes.push(el("span", { class: "line" }, t("older")));
  for (const record of records.values()) {
    if (!here(record)) continue;
    const today = dayOf(record.message.date);
    if (today !== day) nodes.push(el("span", { class: "day" }, day = today));
    nodes.push(node(record));
  }
  log.replaceChildren(...(nodes.length ? nodes : [el("p", { class: "hello" }, t("empty"))]));
  log.dataset.day = day;
  low = true;
  toEnd();
  const last = [...records.values()].at(-1);
  compose.keyboard(last?.by_bot ? last : null, me);
}

function arrived(record) {
  const log = $("log"), known = $(`m${record.message.message_id}`), end = low;
  records.set(record.message.message_id, record);
  if (!here(record)) return;
  if (known) {
    const had = known.contains(document.activeElement), fresh = node(record);
    known.replaceWith(fresh);
    if (had) log.focus({ preventScroll: true });
  } else {
    log.querySelector(".hello")?.remove();
    const today = dayOf(record.message.date);
    if (today !== log.dataset.day) log.append(el("span", { class: "day" }, log.dataset.day = today));
    const box = node(record);
    if (record.by_bot) box.classList.add("fresh");
    log.append(box);
    if (record.by_bot) compose.keyboard(record, me);
  }
  if (end || record.message.from.id === me) log.scrollTop = log.scrollHeight;
}

function showOrder(soon = false) {
  let last = "";
  for (const { message } of [...records.values()].reverse()) {
    const found = plain(message).toUpperCase().match(/\bSC\d{6,12}\b/g);
    if (found) { last = found.at(-1); break; }
  }
  wire.order(last, soon);
  guide.draw();
}

async function markRead() {
  const item = chats.find(one => one.id === chat.id);
  if (item) { item.unread = 0; drawChats(); }
  await send("/demo/read", { user: me, chat: chat.id }).catch(() => {});
}

/** One event of the live line. */
function happened(event) {
  if (opening && event.record) late.push(event);
  wire.network();
  if (event.kind === "world") { later(); return undefined; }
  if (event.kind === "commands") return chat && openChat(chat.id);
  if (event.kind === "update") return event.chat === chat?.id ? wire.raw(event.raw) : undefined;
  if (event.kind === "answer") return answered(event);
  if (event.kind === "typing") return event.chat === chat?.id ? showTyping() : undefined;
  if (!event.record) return undefined;
  if (event.chat !== chat?.id) {
    const item = chats.find(one => one.id === event.chat);
    if (event.kind === "message") counted += 1;
    const number = event.record.message.message_id;
    // one that the list counted already may be told of afterwards
    if (item && event.kind === "message" && !event.record.service && number > item.newest) { item.newest = number; item.unread += 1; drawChats(); }
    return undefined;
  }
  if (event.kind === "delete") { records.delete(event.record.message.message_id); $(`m${event.record.message.message_id}`)?.remove(); return undefined; }
  arrived(event.record);
  if (event.kind === "message") markRead();
  steps(event);
  return showOrder(true);
}

/** What the guide learns from an event: a /reg left, or the bot came back with news of the order. */
function steps(event) {
  const text = plain(event.record.message);
  if (!event.record.by_bot && /^\/reg\S*\s+\S/i.test(text)) guide.done(1);
  if (event.record.by_bot && event.kind !== "reaction" && guide.at() >= 3 && wire.orderNow() && text.toUpperCase().includes(wire.orderNow())) { guide.done(3); guide.done(4); }
}

function answered(event) {
  document.querySelectorAll(".ik [aria-busy]").forEach(key => key.removeAttribute("aria-busy"));
  if (event.alert && event.text) { $("alert-t").textContent = event.text; $("alert").showModal(); } else if (event.text) toast(event.text);
}

function showTyping() {
  $("chat-note").textContent = t("typing");
  clearTimeout(typing);
  typing = setTimeout(() => { $("chat-note").textContent = about(chat); }, 4000);
}

function connect() {
  line?.close();
  line = new EventSource(`/demo/live?as=${me}`);
  // whatever happened before the line stood is read once more
  line.addEventListener("hello", () => { status(true); load().then(() => chat && openChat(chat.id)); });
  line.onmessage = message => happened(JSON.parse(message.data));
  line.onerror = () => status(false);
}

function status(up) {
  $("live-text").textContent = !up ? t("connecting") : listening ? t("connected") : t("nobot");
  $("live").classList.toggle("putus", !up || !listening);
}

function pane(name) {
  $("isi").dataset.pane = name;
  document.querySelectorAll(".panes button").forEach(button => button.toggleAttribute("aria-current", button.dataset.pane === name));
  document.querySelectorAll(".panes [aria-current]").forEach(button => button.setAttribute("aria-current", "true"));
  if (name === "obrolan") $("log").scrollTop = $("log").scrollHeight;
}

/** A valid /reg for this person: their technician code gives the STO, the numbers are fresh. */
function example() {
  const note = people.find(person => person.id === me)?.note ?? "", code = note.match(/\b[A-Z]\d[A-Z]{3}\d{2,4}\b/)?.[0] ?? "F5SDA445", sto = code.slice(2, 5);
  const digits = (n, base = 10) => Array.from(crypto.getRandomValues(new Uint8Array(n)), byte => (byte % base).toString(base)).join("").toUpperCase();
  compose.write(`/reg AO SC${3 + Number(digits(1)) % 3}${digits(7)} ZTEGC${digits(7, 16)} ${sto} ODP-${sto}-0${digits(2)} ${code}`);
}

const theme = kept.get("tema");
if (theme) root.dataset.theme = theme;
$("tema").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  kept.set("tema", root.dataset.theme = dark ? "light" : "dark");
});
$("bahasa").addEventListener("click", () => { spokenIn(spoken() === "id" ? "en" : "id"); drawDoors(); if (chat) { drawHead(); drawChats(); drawLog(); showOrder(); } status(line?.readyState === EventSource.OPEN); });
function spokenIn(language) {
  speak(language);
  const other = spoken() === "id" ? "en" : "id";
  Object.assign($("bahasa"), { textContent: other.toUpperCase(), lang: other, ariaLabel: other === "en" ? "Switch to English" : "Ganti ke bahasa Indonesia" });
  guide.draw();
}
$("cari-orang").addEventListener("input", drawPeople);
$("blokir").addEventListener("click", () => send("/demo/block", { user: me, blocked: !chat.blocked }).catch(error => toast(error.message)));
$("keluar").addEventListener("click", () => { if (confirm(t("leaveSure", chat.title))) send("/demo/leave", { user: me, chat: chat.id }).catch(error => toast(error.message)); });
$("keluarkan").addEventListener("change", e => {
  const person = chat.removable.find(one => one.id === Number(e.target.value));
  if (person && confirm(t("removeSure", person.name))) send("/demo/leave", { user: person.id, chat: chat.id, by: me }).catch(error => toast(error.message));
  e.target.value = "";
});
document.querySelectorAll(".panes button").forEach(button => button.addEventListener("click", () => pane(button.dataset.pane)));
$("log").addEventListener("scroll", () => { const log = $("log"); low = log.scrollHeight - log.scrollTop - log.clientHeight < 80; }, { passive: true });
$("log").addEventListener("load", toEnd, true);  // a picture arrives after its message
document.fonts?.ready.then(toEnd);
function toEnd() { if (low) $("log").scrollTop = $("log").scrollHeight; }
wire.changed.addEventListener("listening", e => { listening = e.detail; status(line?.readyState === EventSource.OPEN); });
wire.changed.addEventListener("status", () => { guide.done(2); guide.done(3); });
guide.begin({ fill: () => { example(); pane("obrolan"); }, order: wire.orderNow });
spokenIn(spoken());
compose.begin({ target: () => chat && { chat: chat.id, user: me, thread: thread || undefined } });
wire.begin();
await load();
connect();
