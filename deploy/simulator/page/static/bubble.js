// A message as DOM nodes: text with its entities, quote, picture, buttons, reactions. Never innerHTML: texts are people's.
import { t, spoken } from "/demo/texts.js";

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const fullName = user => [user.first_name, user.last_name].filter(Boolean).join(" ");
export const initials = name => name.split(/\s+/).filter(Boolean).slice(0, 2).map(word => word[0]).join("").toUpperCase() || "?";
export const clock = seconds => new Date(seconds * 1000).toLocaleTimeString("id-ID", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta" }).replace(".", ":");
export const dayOf = seconds => new Date(seconds * 1000).toLocaleDateString(spoken() === "en" ? "en-GB" : "id-ID", { day: "numeric", month: "short", year: "numeric", timeZone: "Asia/Jakarta" });

const WRAPS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };

/** Text between `from` and `to` (UTF-16, as JavaScript counts too) with the entities inside it, outermost first. */
function span(text, entities, from, to, act) {
  const nodes = [];
  let at = from;
  for (let i = 0; i < entities.length; i++) {
    const entity = entities[i], end = Math.min(to, entity.offset + entity.length);
    if (entity.offset < at) continue;
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const inside = span(text, entities.slice(i + 1).filter(e => e.offset >= entity.offset && e.offset < end), entity.offset, end, act);
    nodes.push(wrap(entity, text.slice(entity.offset, end), inside, act));
    at = end;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

function wrap(entity, raw, inside, act) {
  if (WRAPS[entity.type]) return el(WRAPS[entity.type], {}, ...inside);
  if (entity.type === "text_link" || entity.type === "url") return el("a", { href: link(entity.url ?? raw), target: "_blank", rel: "noopener" }, ...inside);
  if (entity.type === "bot_command") return el("a", { href: "#", onclick: e => { e.preventDefault(); act.write(raw); } }, ...inside);
  if (entity.type === "spoiler") return el("span", { class: "spoiler", tabindex: "0" }, ...inside);
  return el("span", {}, ...inside);
}

/** Links of this demo lead to this very address, however it was reached; anything but http stays where it is. */
function link(url) {
  try {
    const parsed = new URL(url, location.origin);
    if (!/^https?:$/.test(parsed.protocol)) return "#";
    return ["127.0.0.1", "localhost"].includes(parsed.hostname) ? parsed.pathname + parsed.search + parsed.hash : parsed.href;
  } catch { return "#"; }
}

export const plain = message => message.text ?? message.caption ?? (message.photo ? t("picture") : message.document ? t("document") : t("service"));

/** One message. act: {press, reply, write, jump, copy}; me: the person who looks. */
export function bubble(record, me, group, act) {
  const { message } = record, out = message.from.id === me && !message.sender_chat;
  const text = message.text ?? message.caption ?? "", entities = message.entities ?? message.caption_entities ?? [];
  const name = message.sender_chat ? t("anonymous") : fullName(message.from);
  const body = el("div", { class: "bub" });
  if (group && !out) body.append(el("span", { class: "from" }, name, record.by_bot ? el("small", {}, "bot") : null));
  else body.append(el("span", { class: "sr" }, `${out ? t("you") : name}: `));
  const quoted = message.reply_to_message;
  if (quoted && !quoted.forum_topic_created) {
    body.append(el("button", { class: "quote", type: "button", onclick: () => act.jump(quoted.message_id) }, el("b", {}, fullName(quoted.from)), el("span", {}, plain(quoted))));
  }
  if (message.photo) body.append(el("img", { src: `/demo/file/${message.photo.at(-1).file_id}`, alt: t("picture"), width: message.photo.at(-1).width, height: message.photo.at(-1).height }));
  if (message.document) body.append(el("a", { href: `/demo/file/${message.document.file_id}`, download: message.document.file_name, class: "mono sm" }, message.document.file_name));
  body.append(el("span", { class: "txt" }, ...span(text, entities, 0, text.length, act)));
  body.append(el("time", { datetime: new Date(message.date * 1000).toISOString() }, (message.edit_date ? `${t("edited")} ` : "") + clock(message.date)));
  if (record.only) body.append(el("small", { class: "only" }, t("only")));
  const box = el("div", { class: `msg${out ? " out" : ""}`, id: `m${message.message_id}` }, body);
  const reactions = Object.values(record.reactions ?? {}).flat();
  if (reactions.length) box.append(el("div", { class: "reacts" }, ...reactions.map(emoji => el("span", { role: "img", "aria-label": `Reaksi ${emoji}` }, emoji))));
  if (message.reply_markup?.inline_keyboard) box.append(keyboard(message, act));
  box.append(el("button", { class: "act", type: "button", "aria-label": `${t("reply")}: ${plain(message).slice(0, 40)}`, onclick: () => act.reply(record) }, icon("reply")));
  return box;
}

function keyboard(message, act) {
  const rows = message.reply_markup.inline_keyboard.map(row => el("div", {}, ...row.map(button => {
    const look = { class: button.style ?? "", disabled: button.disabled };
    if (button.url) return el("a", { ...look, href: link(button.url), target: "_blank", rel: "noopener" }, button.text);
    if (button.copy_text) return el("button", { ...look, type: "button", onclick: () => act.copy(button.copy_text.text) }, button.text);
    return el("button", { ...look, type: "button", onclick: e => act.press(message, button, e.currentTarget) }, button.text);
  })));
  return el("div", { class: "ik", role: "group" }, ...rows);
}

/** A line in the middle: somebody joined, a topic was made. */
export function serviceLine(record) {
  const m = record.message;
  const words = m.new_chat_members ? t("joined", m.new_chat_members.map(fullName).join(", "))
    : m.left_chat_member ? t("left", fullName(m.left_chat_member))
      : m.pinned_message ? t("pinned")
        : m.forum_topic_created ? t("topic", m.forum_topic_created.name)
          : m.migrate_to_chat_id || m.migrate_from_chat_id ? t("moved") : t("service");
  return el("span", { class: "line", id: `m${m.message_id}` }, words);
}
