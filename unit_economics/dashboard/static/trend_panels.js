// The three panels of the trend that zooms, drawn by uPlot.
// Here: scales, axes, series, marks on the canvas. Not here: words (trend_words.js), keys and the address (trend.js).
const FEWEST = 7; // days a view shows at least
const DAILY_UNTIL = 400; // beyond a year the daily line is a grey wall
const BAR_FROM = 5; // pixels; a day must be as wide as this to be a bar
const DOT_FROM = 14; // and as wide as this to have a dot of its own
const FONT = "500 11px Inter, system-ui, sans-serif";
const HUES = ["accent", "c-cost", "c-units", "ink2", "ink3", "line2", "hatch", "panel", "warn"];

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
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
const faint = (hue, alpha) => hue + alpha; // app.css writes these colours as #rrggbb

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

// A pen in CSS pixels, with the panel's frame and the places of days and values.
function onCanvas(u, draw) {
  const { ctx, bbox } = u;
  const scale = uPlot.pxRatio;
  const [left, top] = [bbox.left / scale, bbox.top / scale];
  const box = { left, top, right: left + bbox.width / scale, base: top + bbox.height / scale };
  ctx.save();
  ctx.scale(scale, scale);
  draw(ctx, box, (day) => u.valToPos(day, "x", true) / scale, (value) => u.valToPos(value, "y", true) / scale);
  ctx.restore();
}

function hatched(u, paint, days) {
  onCanvas(u, (ctx, { left, top, right, base }, x) => {
    const [bands, lines] = [new Path2D(), new Path2D()];
    for (const day of days) bands.rect(x(day - 0.5), top, x(day + 0.5) - x(day - 0.5), base - top);
    for (let at = left - base; at < right; at += 6) lines.addPath(new Path2D(`M${at},${base}L${at + base},0`));
    ctx.clip(bands);
    ctx.strokeStyle = paint.hatch;
    ctx.stroke(lines);
  });
}

function dashed(u, paint, value) {
  onCanvas(u, (ctx, { left, right }, _, y) => {
    ctx.setLineDash([5, 4]);
    Object.assign(ctx, { strokeStyle: paint.ink2, lineWidth: 1.3 });
    ctx.stroke(new Path2D(`M${left},${y(value)}H${right}`));
  });
}

// An arrowhead at the edge for each day that the axis does not reach.
function pointed(u, paint, days, values) {
  onCanvas(u, (ctx, { top, base }, x) => {
    ctx.fillStyle = paint.accent;
    const { min, max } = u.scales.y;
    for (const day of days.filter((n) => values[n] > max)) ctx.fill(new Path2D(`M${x(day)},${top}l-4,7h8Z`));
    for (const day of days.filter((n) => (values[n] ?? min) < min)) ctx.fill(new Path2D(`M${x(day)},${base}l-4,-7h8Z`));
  });
}

function notched(u, paint, days) {
  onCanvas(u, (ctx, { base }, x) => {
    ctx.fillStyle = paint.warn;
    for (const day of days) ctx.fill(new Path2D(`M${x(day)},${base - 7}l4,7h-8Z`));
  });
}

function ring(ctx, paint, hue, x, y, radius) {
  const line = new Path2D();
  line.arc(x, y, radius, 0, 2 * Math.PI);
  Object.assign(ctx, { fillStyle: paint.panel, strokeStyle: hue, lineWidth: 1.5 });
  ctx.fill(line);
  ctx.stroke(line);
}

function ringed(u, paint, day, hue) {
  onCanvas(u, (ctx, _, x, y) => ring(ctx, paint, hue, x(day), y(0), 3.5));
}

// What a day will come to: a hollow mark in a dashed band, which ends where the axis does.
function banded(u, paint, days, nowcasts) {
  onCanvas(u, (ctx, { top, base }, x, y) => {
    const wide = Math.max(1.5, 0.72 * (x(1) - x(0)));
    for (const day of days) {
      const [value, low, high] = nowcasts[day];
      const [from, to] = [high, low].map((end) => clamp(y(end), top, base));
      Object.assign(ctx, { fillStyle: faint(paint.accent, "1f"), strokeStyle: paint.accent, lineWidth: 1 });
      ctx.fillRect(x(day) - wide / 2, from, wide, to - from);
      ctx.setLineDash([2, 2]);
      ctx.strokeRect(x(day) - wide / 2, from, wide, to - from);
      ctx.setLineDash([]);
      ring(ctx, paint, paint.accent, x(day), y(value), 2.6);
    }
  });
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
