// The trend that zooms, in place of the server's picture: ratio, cost and units on one axis of days, with one cursor.
// Here: pointer, keys and the address. Not here: words (trend_words.js) and drawing (trend_panels.js).
import { drawn } from "./trend_panels.js";
import { wordsOf } from "./trend_words.js";

const root = document.documentElement;
const HINT = "Point at a day, or use the arrow keys, to read it.";
const HELP = "Arrow keys go from day to day, page keys by a week, plus and minus zoom, Escape shows all days";
const made = (tag, css, more) => Object.assign(document.createElement(tag), { className: css, ...more });

function enhance(figure) {
  const part = (name) => figure.querySelector(`.trend-${name}`);
  const [live, reading] = [part("live"), part("reading")];
  const data = JSON.parse(part("data").textContent);
  const words = wordsOf(data);
  const last = data.ratio.length - 1;
  if (last < 0) return; // the server's picture says so
  const view = { from: 0, to: last };
  let panels = [];
  let cursor = null;

  const places = data.titles.map((title) => {
    const place = made("div", "trend-panel");
    live.append(made("p", "trend-title", { textContent: title }), place);
    return place;
  });
  const target = data.target == null ? "" : `target ${words.ratio(data.target)}`;
  live.firstElementChild.append(made("span", "trend-target", { textContent: target, hidden: !target }));
  const zoomed = made("span", "trend-zoomed");
  const reset = made("button", "trend-reset", { type: "button", textContent: "Show all days", hidden: true });
  part("tools").append(zoomed, reset);

  const isFull = () => view.from === 0 && view.to === last;
  const zoom = (from, to) => panels.forEach((panel) => panel.setScale("x", { min: from, max: to }));

  function onZoom() {
    const hash = isFull() ? "" : `#zoom=${words.iso(view.from)}..${words.iso(view.to)}`;
    reset.hidden = isFull();
    zoomed.textContent = isFull() ? "" : words.range(view);
    const isOurs = hash || location.hash.startsWith("#zoom=");
    if (isOurs) history.replaceState(null, "", hash || location.pathname + location.search);
  }

  function fromAddress() {
    const [from, to] = /^#zoom=([\d-]{10})\.\.([\d-]{10})$/.exec(location.hash)?.slice(1).map(words.place) ?? [];
    if (from <= to && to >= 0 && from <= last) zoom(from, to);
    else zoom(0, last);
  }

  function onCursor(day) {
    cursor = day ?? null;
    if (cursor === null) reading.textContent = HINT;
    else reading.replaceChildren(made("b", "", { textContent: words.long(day) }), ` ${words.said(day)}`);
  }

  // By key. Only this announces the day: a pointer would announce every day that it passes.
  function moveTo(day) {
    const to = Math.min(Math.max(day, 0), last);
    const shift = Math.min(to - view.from, 0) || Math.max(to - view.to, 0);
    if (shift) zoom(view.from + shift, view.to + shift);
    queueMicrotask(() => panels.forEach((panel) => panel.setCursor({ left: panel.valToPos(to, "x"), top: 0 })));
    live.setAttribute("aria-valuenow", to);
    live.setAttribute("aria-valuetext", `${words.long(to)}: ${words.said(to)}`);
  }

  function zoomBy(factor) {
    const middle = cursor ?? view.to;
    const half = ((view.to - view.from) * factor) / 2;
    const from = Math.min(Math.max(Math.round(middle - half), 0), Math.max(last - Math.round(2 * half), 0));
    zoom(from, from + Math.round(2 * half));
    moveTo(middle);
  }

  const here = () => cursor ?? view.to;
  const by = (days) => () => moveTo(here() + days);
  const keys = {
    ...{ ArrowLeft: by(-1), ArrowDown: by(-1), ArrowRight: by(1), ArrowUp: by(1), PageDown: by(-7), PageUp: by(7) },
    ...{ Home: () => moveTo(view.from), End: () => moveTo(view.to), Escape: () => zoom(0, last) },
    ...{ "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2) },
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }

  // A finger moves the cursor; uPlot itself knows the mouse alone.
  function onTouch(event) {
    if (event.pointerType !== "touch" || !panels.length) return;
    const left = event.clientX - panels[0].over.getBoundingClientRect().left;
    for (const panel of panels) panel.setCursor({ left, top: 0 });
  }

  function draw() {
    const { from, to } = view;
    for (const panel of panels) panel.destroy();
    const onDrawn = () => (root.dataset.ready = "true");
    panels = drawn(places, data, words, view, { onZoom, onCursor, onDrawn });
    zoom(from, to);
    onCursor(null);
  }

  const about = { role: "slider", "aria-label": `${data.titles[0]} by day`, "aria-description": HELP, tabindex: 0 };
  const range = { "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": last };
  for (const [name, text] of Object.entries({ ...about, ...range })) live.setAttribute(name, text);
  reading.setAttribute("aria-live", "off"); // the slider's own text is announced instead
  part("static").hidden = true;
  live.hidden = false;
  live.setAttribute("aria-valuetext", words.long(last));
  draw();
  fromAddress();

  live.addEventListener("keydown", onKey);
  live.addEventListener("focus", () => live.matches(":focus-visible") && moveTo(here()));
  live.addEventListener("pointermove", onTouch);
  reset.addEventListener("click", () => {
    zoom(0, last);
    live.focus({ preventScroll: true }); // the button goes; the keys stay on the chart
  });
  addEventListener("hashchange", fromAddress);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new MutationObserver(draw).observe(root, { attributeFilter: ["data-theme"] });
  let width = live.clientWidth;
  new ResizeObserver(() => {
    if (!live.clientWidth || live.clientWidth === width) return;
    width = live.clientWidth;
    draw();
  }).observe(live);
}

// Text on a canvas stays in the wrong font if it is drawn before the font is there.
await Promise.allSettled([document.fonts.load("500 11px Inter")]);
document.querySelectorAll("[data-trend]").forEach(enhance);
