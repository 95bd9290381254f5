// The three panels of the trend that zooms, drawn by uPlot.
// Here: scales, axes, series, which days have a mark. Not here: the marks on the canvas (trend_pen.js), words
// (trend_words.js), keys and the address (trend.js).
import { banded, clamp, dashed, faint, hatched, notched, pointed, ringed } from "./trend_pen.js";

const FEWEST = 7; // days a view shows at least
const DAILY_UNTIL = 400; // beyond a year the daily line is a grey wall
const BAR_FROM = 5; // pixels; a day must be as wide as this to be a bar
const DOT_FROM = 14; // and as wide as this to have a dot of its own
const FONT = "500 11px Inter, system-ui, sans-serif";
const HUES = ["accent", "c-cost", "c-units", "ink2", "ink3", "line2", "hatch", "panel", "warn"];

const there = (values) => values.filter((value) => value != null);
// Without the farthest 2 in 100 at either end: one wild day must not flatten a year.
const calm = (values) => {
  const ordered = there(values).sort((a, b) => a - b);
  const cut = Math.floor(ordered.length / 50);
  return ordered.slice(cut, ordered.length - cut);
};
const seen = (view, values) => values.slice(view.from, view.to + 1);
const hasDaily = (view) => view.to - view.from < DAILY_UNTIL;
const nowcastDays = (data, view) =>
  Object.keys(data.nowcasts).map(Number).filter((day) => hasDaily(view) && day >= view.from && day <= view.to);

function hues() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(HUES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function rangesOf({ data, view }) {
  const last = data.ratio.length - 1;
  return {
    // Whole days of the data; half a day of room on either side.
    days(_, least, most) {
      const more = clamp(Math.floor(most) - Math.ceil(least), Math.min(FEWEST - 1, last), last);
      view.from = clamp(Math.ceil(least), 0, last - more);
      view.to = view.from + more;
      return [view.from - 0.5, view.to + 0.5];
    },
    ratio() {
      const daily = hasDaily(view) ? calm(seen(view, data.ratio)) : [];
      const expected = nowcastDays(data, view).map((day) => data.nowcasts[day][0]);
      const values = there([...seen(view, data.smooth), ...daily, ...expected, data.target]);
      if (!values.length) return [0, 1];
      const [least, most] = [Math.min(...values), Math.max(...values)];
      const room = (most - least) * 0.06 || Math.abs(most) * 0.05 || 1;
      return [least - room, most + room];
    },
    amount: (_, least, most) => [Math.min(least ?? 0, 0) * 1.08, Math.max(most ?? 0, 0) * 1.08 || 1],
  };
}

function marksOf({ data, words, view, paint, days }) {
  const isSeen = (day) => day >= view.from && day <= view.to;
  const [today, restated] = [words.place(data.today), Object.keys(data.restated).map(words.place)];
  const isOpenBill = (day) => data.status[day] === "p";
  return {
    openBills: (u) => hatched(u, paint, seen(view, days).filter(isOpenBill)),
    target: (u) => data.target != null && dashed(u, paint, data.target),
    beyond: (u) => hasDaily(view) && pointed(u, paint, seen(view, days), data.ratio),
    nowcasts: (u) => banded(u, paint, nowcastDays(data, view), data.nowcasts),
    restated: (u) => notched(u, paint, restated.filter(isSeen)),
    today: (hue) => (u) => isSeen(today) && ringed(u, paint, today, hue),
  };
}

const slot = (u, view) => u.bbox.width / uPlot.pxRatio / (view.to - view.from + 1);

function ratioSeries({ data, view, paint, days }) {
  // A day between two gaps has no line, so it has a dot; of the daily values all have one where there is room.
  const isAlone = (values, n) => values[n] != null && values[n - 1] == null && values[n + 1] == null;
  const isDot = (values, hasAll) => (n) => isAlone(values, n) || (hasAll && values[n] != null);
  const line = (values, stroke, width, hasAll) => {
    const filter = (u) => seen(view, days).filter(isDot(values, hasAll(u)));
    return { stroke, width, points: { size: 4, filter, stroke: paint.accent, fill: paint.accent } };
  };
  const daily = () => (hasDaily(view) ? faint(paint.accent, "59") : "transparent");
  const hasDots = (u) => slot(u, view) > DOT_FROM;
  return [line(data.ratio, daily, 1, hasDots), line(data.smooth, paint.accent, 2.2, () => false)];
}

// Bars from zero, or an area where days are too close for bars.
function amountSeries(view, hue) {
  const hasBars = (u) => slot(u, view) >= BAR_FROM;
  const [bars, area] = [uPlot.paths.bars({ size: [0.72, 60], radius: 0.1 }), uPlot.paths.linear()];
  return {
    width: 1.2,
    stroke: (u) => (hasBars(u) ? "transparent" : hue),
    fill: (u) => faint(hue, hasBars(u) ? "99" : "33"),
    paths: (u, ...more) => (hasBars(u) ? bars : area)(u, ...more),
    points: { show: false, stroke: hue, fill: hue },
  };
}

// Equally wide for all panels, or their days would not be above each other.
function gutterOf({ data, words }, ratios) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = FONT;
  const texts = [
    ...ratios.map(words.ratio), ...there(data.cost).map(words.costMark), ...there(data.units).map(words.countMark),
  ];
  return Math.ceil(Math.max(...texts.map((text) => pen.measureText(text).width))) + 14;
}

function axesOf({ words, view, paint }, gutter, format, isLast) {
  const common = { stroke: paint.ink3, font: FONT, gap: 8, ticks: { show: false } };
  const axis = { ...common, grid: { stroke: paint.line2, width: 1 } };
  const splits = (u) => words.ticks(view, u.bbox.width / uPlot.pxRatio);
  const names = (_, days) => (isLast ? words.tickNames(days) : days.map(() => ""));
  const amounts = (_, shown, _axis, _space, step) => shown.map((value) => format(value, step));
  return [
    { ...axis, size: isLast ? 38 : 4, splits, values: names },
    { ...axis, size: gutter, space: 26, values: amounts },
  ];
}

/** The panels in `places`, which share the cursor. A zoom writes the first and last day shown into `view` and calls
 *  `onZoom()`; `onCursor(day)` has null when the cursor leaves; `onDrawn()` is called when all is on the canvas. */
export function drawn(places, data, words, view, { onZoom, onCursor, onDrawn }) {
  const paint = hues();
  const chart = { data, words, view, paint, days: data.ratio.map((_, n) => n) };
  const [marks, ranges, width] = [marksOf(chart), rangesOf(chart), places[0].clientWidth];
  const gutter = gutterOf(chart, ranges.ratio());
  const [tall, low] = width < 520 ? [190, 84] : [232, 98];
  const [cost, units] = [paint["c-cost"], paint["c-units"]];
  const steering = { setCursor: [(u) => onCursor(u.cursor.idx)], setScale: [(_, key) => key === "x" && onZoom()] };

  function panel(n, height, values, series, range, format, draw, more = {}) {
    const options = {
      width, height, padding: [6, 6, 0, 0], legend: { show: false },
      cursor: { y: false, drag: { dist: 4 }, points: { size: 7 }, sync: { key: data.titles[0], setSeries: false } },
      scales: { x: { time: false, range: ranges.days }, y: { range } },
      axes: axesOf(chart, gutter, format, n === places.length - 1),
      series: [{}, ...series],
      hooks: { drawClear: [marks.openBills], draw, ...more },
    };
    return new uPlot(options, [chart.days, ...values], places[n]);
  }

  const [ratios, costs, counts] = [ratioSeries(chart), [amountSeries(view, cost)], [amountSeries(view, units)]];
  const inRatio = [marks.target, marks.nowcasts, marks.beyond, marks.restated];
  return [
    panel(0, tall, [data.ratio, data.smooth], ratios, ranges.ratio, words.ratioMark, inRatio, steering),
    panel(1, low, [data.cost], costs, ranges.amount, words.costMark, [marks.today(cost)]),
    panel(2, low + 34, [data.units], counts, ranges.amount, words.countMark, [marks.today(units), onDrawn]),
  ];
}
