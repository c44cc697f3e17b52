// The theme a person chose, before the first paint: kept with the person, and remembered here for the login page.
"use strict";
try {
  const root = document.documentElement, kept = localStorage.getItem("tema");
  if (root.dataset.theme) localStorage.setItem("tema", root.dataset.theme);
  else if (kept === "light" || kept === "dark") root.dataset.theme = kept;
} catch { /* storage is closed in some private windows */ }
