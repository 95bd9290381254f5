// A form whose selects show what was chosen at once. Without it the form has its button, which theme.js's class hides.
"use strict";

for (const select of document.querySelectorAll("select[data-nav]")) {
  select.addEventListener("change", () => {
    select.form.action = location.pathname + location.hash; // the chart stays zoomed where it is
    select.form.requestSubmit();
  });
}

// Back from the next page: what is chosen is what is shown, whatever the browser remembers of the form.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form:has(select[data-nav])")) form.reset();
});
