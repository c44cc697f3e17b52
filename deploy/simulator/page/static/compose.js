// The line one writes in: quick commands, "/" completion, replies, photos. It sends and forgets; the live line shows the rest.
import { t } from "/demo/texts.js";
import { el, plain } from "/demo/bubble.js";
import { send, toast } from "/demo/demo.js";

const $ = id => document.getElementById(id);
let known = [], picked = -1, reply = null, where = () => null;

export function begin({ target }) {
  where = target;
  const field = $("tulis");
  $("form").addEventListener("submit", e => { e.preventDefault(); submit(); });
  field.addEventListener("input", complete);
  field.addEventListener("blur", () => setTimeout(closeMenu, 150));
  field.addEventListener("keydown", keys);
  $("lampir").addEventListener("click", () => $("foto").click());
  $("foto").addEventListener("change", attached);
  $("reply-x").addEventListener("click", () => { clearReply(); field.focus(); });
}

/** The commands offered here, from the bot's menu for this chat. */
export function commands(list) {
  known = list;
  if ($("menu").hidden && document.activeElement === $("tulis")) complete();  // a "/" may have been typed before they came
  $("cmds").hidden = !list.length;
  $("cmds").replaceChildren(...list.slice(0, 8).map(item => chip(`/${item.command}`, item.description, () => write(`/${item.command} `))));
}

const chip = (label, title, onclick) => el("button", { class: "chip", type: "button", title, onclick }, label);

/** A bot may put its own keys under the line (reply keyboard) or ask for a reply (ForceReply). */
export function keyboard(record, me) {
  const markup = record?.markup;
  if (markup?.keyboard) {
    $("cmds").hidden = false;
    $("cmds").replaceChildren(...markup.keyboard.flat().map(key => chip(key.text ?? key, "", () => { write(key.text ?? key); submit(); })));
  } else if (markup?.remove_keyboard) commands(known);
  if (markup?.force_reply && (!markup.selective || [undefined, me].includes(record.message.reply_to_message?.from.id))) replyTo(record, "SIKPRO Bot", false);
}

export function write(text) {
  const field = $("tulis");
  field.value = text;
  field.focus();
  field.setSelectionRange(text.length, text.length);
  complete();
}

export function replyTo(record, name, focus = true) {
  reply = record.message.message_id;
  $("replying-to").textContent = `${t("replyTo", name)}: ${plain(record.message).replace(/\s+/g, " ").slice(0, 80)}`;
  $("replying").hidden = false;
  if (focus) $("tulis").focus();
}

export function clearReply() { reply = null; $("replying").hidden = true; }

function attached() {
  const file = $("foto").files[0];
  $("attached").hidden = !file;
  if (file) { $("attached").textContent = t("attached", file.name); $("tulis").focus(); }
}

async function submit() {
  const field = $("tulis"), text = field.value.trim(), photo = $("foto").files[0], target = where();
  if (!target || (!text && !photo)) return;
  const body = { ...target, text, reply_to: reply ?? undefined };
  let sent = body;
  if (photo) {
    sent = new FormData();
    for (const [key, value] of Object.entries(body)) if (value !== undefined) sent.append(key, value);
    sent.append("photo", photo);
  }
  field.value = "";
  closeMenu();
  try {
    await send("/demo/say", sent);
    $("foto").value = "";
    attached();
    clearReply();
  } catch (error) {
    field.value ||= text;  // nothing typed is ever lost
    toast(t("notSent", error.message));
  }
  field.focus();
}

function complete() {
  const typed = $("tulis").value, match = /^\/(\w*)$/.exec(typed);
  const fits = match ? known.filter(item => item.command.startsWith(match[1].toLowerCase())) : [];
  if (!fits.length) return closeMenu();
  picked = 0;
  $("menu").replaceChildren(...fits.map((item, i) => el("li", { role: "option", id: `cmd-${i}`, "aria-selected": String(i === 0), "data-command": item.command, onpointerdown: e => { e.preventDefault(); choose(i); } }, el("code", {}, `/${item.command}`), el("span", {}, item.description))));
  $("menu").hidden = false;
  return mark();
}

function mark() {
  [...$("menu").children].forEach((item, i) => item.setAttribute("aria-selected", String(i === picked)));
  $("tulis").setAttribute("aria-activedescendant", `cmd-${picked}`);
  $("menu").children[picked]?.scrollIntoView({ block: "nearest" });
}

function closeMenu() {
  $("menu").hidden = true;
  $("tulis").removeAttribute("aria-activedescendant");
}

function choose(i) { write(`/${$("menu").children[i].dataset.command} `); closeMenu(); }

function keys(e) {
  const open = !$("menu").hidden, count = $("menu").children.length;
  if (open && (e.key === "ArrowDown" || e.key === "ArrowUp")) { e.preventDefault(); picked = (picked + (e.key === "ArrowDown" ? 1 : count - 1)) % count; mark(); }
  else if (open && (e.key === "Tab" || (e.key === "Enter" && $("tulis").value !== `/${$("menu").children[picked].dataset.command}`))) { e.preventDefault(); choose(picked); }
  else if (open && e.key === "Escape") { e.preventDefault(); closeMenu(); }
  else if (e.key === "Escape" && reply) clearReply();
  else if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); submit(); }
}
