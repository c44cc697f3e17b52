// Before something is deleted: the question in a dialog on the same page, instead of the page the server would show.
// It only asks; the form is sent as it stands, without its button, and that is what the server takes for a yes.
"use strict";
(() => {
  const box = document.getElementById("tanya");
  if (!box) return;
  const [question, warning, yes] = ["[data-question]", "[data-warning]", "[data-yes]"].map((part) => box.querySelector(part));
  let form;
  document.addEventListener("submit", (event) => {
    if (event.submitter?.name !== "tanya") return;
    event.preventDefault();
    form = event.target;
    question.textContent = form.dataset.question; warning.textContent = form.dataset.warning; yes.textContent = form.dataset.yes;
    box.showModal();
  });
  yes.addEventListener("click", () => { box.close(); form.submit(); });
})();
