// What the chat page says, Indonesian first. It knows no state but the chosen language.
const TEXTS = {
  id: {
    skip: "Langsung menulis pesan", title: "Simulator Telegram", theme: "Ganti tema terang atau gelap", dashboard: "Dasbor", acting: "Bertindak sebagai",
    find: "Cari orang", chats: "Percakapan", guide: "Jalan pertama, empat langkah", hide: "Sembunyikan panduan", topics: "Topik", messages: "Pesan",
    noreply: "Batal membalas", commands: "Perintah cepat", commandlist: "Perintah", photo: "Lampirkan foto", write: "Tulis pesan",
    placeholder: "Tulis pesan atau /perintah", send: "Kirim", system: "Yang terjadi di sistem", order: "Order di dasbor", raw: "Pesan mentah",
    network: "Jaringan", netnote: "Gangguan berlaku untuk semua percakapan. Bot tetap mengirim setelah gangguan usai, tanpa pesan ganda.",
    panes: "Bagian halaman", people: "Orang", talk: "Obrolan", systemtab: "Sistem", ok: "Baik",
    connected: "Bot demo tersambung", connecting: "Menyambung ulang", nobot: "Bot belum berjalan, lihat ./sikpro ps", bot: "bot · demo, tanpa Telegram asli",
    members: n => `${n} anggota`, notInGroup: "bot tidak ada di grup ini", blocked: "bot diblokir", typing: "bot sedang mengetik…",
    doors: "Tautan undangan", leave: "Keluar", remove: "Keluarkan anggota", removeWhom: "Keluarkan…", asks: "menunggu persetujuan", knock: "buka tautan",
    joinedNow: "Anda bergabung.", askedNow: "Permintaan bergabung terkirim.", leaveSure: title => `Keluar dari ${title}?`, removeSure: name => `Keluarkan ${name}?`,
    block: "Blokir bot", unblock: "Buka blokir", reply: "Balas", replyTo: name => `Membalas ${name}`, edited: "diedit", you: "Anda", general: "Umum",
    joined: name => `${name} bergabung`, left: name => `${name} keluar`, pinned: "Pesan disematkan", topic: name => `Topik ${name} dibuat`,
    moved: "Grup ini menjadi supergrup", service: "Pesan layanan", picture: "Foto", only: "Hanya Anda yang melihat ini", document: "Berkas", empty: "Belum ada pesan. Kirim /start untuk memulai.",
    nobody: "Belum ada orang. Isi data contoh dengan ./sikpro seed.", attached: name => `${name} akan dikirim bersama pesan`, copied: text => `${text} disalin`,
    notSent: why => `Tidak terkirim: ${why}`, unread: n => `${n} belum dibaca`,
    noOrder: "Kirim /reg; order yang disebut terakhir muncul di sini.", signIn: "Masuk ke dasbor", signInWhy: "untuk melihat order ini di sini.",
    unknownOrder: "belum ada di dasbor.", noDashboard: "Dasbor tidak menjawab.", open: "Buka di antrean", noRaw: "Belum ada pembaruan untuk bot.",
    calls: "Panggilan ke Telegram", sent: "Terkirim atau diedit", too_many: "Ditolak 429", violations: "Pelanggaran batas", last_minute: "Semenit terakhir", waiting: "Menunggu bot",
    down: "Telegram mati", slow: "Telegram lambat (3 dtk)", cut: "Putus setelah diterima",
    step1: "Kirim /reg", fill: "Isi contoh", step2: "Buka dasbor sebagai helpdesk", openIt: "Buka", step3: "Ubah status order", step4: "Lihat umpan balik di sini",
    finished: "Selesai. Order, dasbor, dan Telegram kini sepakat.", anonymous: "Admin grup", older: "Pesan lama tidak ditampilkan", alert: "Pesan dari bot",
  },
  en: {
    skip: "Skip to writing", title: "Telegram simulator", theme: "Switch light or dark theme", dashboard: "Dashboard", acting: "Acting as",
    find: "Find a person", chats: "Chats", guide: "The first road, four steps", hide: "Hide the guide", topics: "Topics", messages: "Messages",
    noreply: "Do not reply", commands: "Quick commands", commandlist: "Commands", photo: "Attach a photo", write: "Write a message",
    placeholder: "Write a message or /command", send: "Send", system: "What happens in the system", order: "Order on the dashboard", raw: "Raw message",
    network: "Network", netnote: "A fault holds for all chats. The bot sends once it is over, without duplicates.",
    panes: "Parts of the page", people: "People", talk: "Chat", systemtab: "System", ok: "OK",
    connected: "Demo bot connected", connecting: "Reconnecting", nobot: "The bot is not running, see ./sikpro ps", bot: "bot · demo, no real Telegram",
    members: n => `${n} members`, notInGroup: "the bot is not in this group", blocked: "bot blocked", typing: "bot is typing…",
    doors: "Invite links", leave: "Leave", remove: "Remove a member", removeWhom: "Remove…", asks: "waits for approval", knock: "open the link",
    joinedNow: "You joined.", askedNow: "Your request to join was sent.", leaveSure: title => `Leave ${title}?`, removeSure: name => `Remove ${name}?`,
    block: "Block the bot", unblock: "Unblock", reply: "Reply", replyTo: name => `Replying to ${name}`, edited: "edited", you: "You", general: "General",
    joined: name => `${name} joined`, left: name => `${name} left`, pinned: "Message pinned", topic: name => `Topic ${name} created`,
    moved: "This group became a supergroup", service: "Service message", picture: "Photo", only: "Only you see this", document: "File", empty: "No messages yet. Send /start to begin.",
    nobody: "There is nobody yet. Fill in the sample data with ./sikpro seed.", attached: name => `${name} will go with the message`, copied: text => `${text} copied`,
    notSent: why => `Not sent: ${why}`, unread: n => `${n} unread`,
    noOrder: "Send /reg; the order named last appears here.", signIn: "Sign in to the dashboard", signInWhy: "to see this order here.",
    unknownOrder: "is not on the dashboard yet.", noDashboard: "The dashboard does not answer.", open: "Open in the queue", noRaw: "No update for the bot yet.",
    calls: "Calls to Telegram", sent: "Sent or edited", too_many: "Refused with 429", violations: "Limit violations", last_minute: "Last minute", waiting: "Waiting for the bot",
    down: "Telegram down", slow: "Telegram slow (3 s)", cut: "Cut after acceptance",
    step1: "Send /reg", fill: "Fill in an example", step2: "Open the dashboard as helpdesk", openIt: "Open", step3: "Change the order's status", step4: "See the feedback here",
    finished: "Done. Order, dashboard and Telegram agree.", anonymous: "Group admin", older: "Older messages are not shown", alert: "Message from the bot",
  },
};

export const kept = {
  get: key => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* a private window keeps nothing */ } },
};

let language = kept.get("bahasa") === "en" ? "en" : "id";
export const t = (key, ...values) => { const text = TEXTS[language][key]; return typeof text === "function" ? text(...values) : text; };

/** Write the page's fixed words in the chosen language. */
export function speak(chosen) {
  if (chosen) { language = chosen; kept.set("bahasa", chosen); }
  document.documentElement.lang = language;
  document.title = `${t("title")} · SIKPRO`;
  for (const el of document.querySelectorAll("[data-t]")) el.textContent = t(el.dataset.t);
  for (const el of document.querySelectorAll("[data-t-label]")) el.setAttribute("aria-label", t(el.dataset.tLabel));
  for (const el of document.querySelectorAll("[data-t-placeholder]")) el.placeholder = t(el.dataset.tPlaceholder);
  return language;
}
export const spoken = () => language;
