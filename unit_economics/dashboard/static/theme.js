// The theme: as the system, light or dark. In the head and not deferred: the page is never drawn in the wrong one.
"use strict";

(() => {
  const root = document.documentElement;
  const names = { auto: "as the system", light: "light", dark: "dark" };
  const choices = Object.keys(names);

  function stored() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is forbidden: the choice lasts as long as the page
    }
  }

  function show(choice) {
    if (choice === "light" || choice === "dark") root.dataset.theme = choice;
    else delete root.dataset.theme;
    const button = document.getElementById("theme");
    if (!button) return;
    button.hidden = false;
    button.title = `Theme: ${names[chosen()]}`;
    button.setAttribute("aria-label", button.title);
  }

  const chosen = () => root.dataset.theme ?? "auto";

  function turn() {
    const next = choices[(choices.indexOf(chosen()) + 1) % choices.length];
    show(next);
    try {
      localStorage.setItem("theme", next);
    } catch {
      // as above
    }
  }

  root.classList.add("js");
  show(stored());
  addEventListener("storage", (event) => event.key === "theme" && show(event.newValue));
  addEventListener("DOMContentLoaded", () => {
    show(chosen());
    document.getElementById("theme")?.addEventListener("click", turn);
  });
})();
