// The theme a person chose, before the first paint; without a choice the system decides.
"use strict";
try {
  const theme = localStorage.getItem("tema");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* storage is closed in some private windows */ }
