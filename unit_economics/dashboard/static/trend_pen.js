// The marks of the trend that zooms, on the canvas that uPlot drew.
// Here: strokes and fills at given days and values. Not here: which days have one (trend_panels.js).
export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
export const faint = (hue, alpha) => hue + alpha; // app.css writes these colours as #rrggbb

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

export function hatched(u, paint, days) {
  onCanvas(u, (ctx, { left, top, right, base }, x) => {
    const [bands, lines] = [new Path2D(), new Path2D()];
    for (const day of days) bands.rect(x(day - 0.5), top, x(day + 0.5) - x(day - 0.5), base - top);
    for (let at = left - base; at < right; at += 6) lines.addPath(new Path2D(`M${at},${base}L${at + base},0`));
    ctx.clip(bands);
    ctx.strokeStyle = paint.hatch;
    ctx.stroke(lines);
  });
}

export function dashed(u, paint, value) {
  onCanvas(u, (ctx, { left, right }, _, y) => {
    ctx.setLineDash([5, 4]);
    Object.assign(ctx, { strokeStyle: paint.ink2, lineWidth: 1.3 });
    ctx.stroke(new Path2D(`M${left},${y(value)}H${right}`));
  });
}

// An arrowhead at the edge for each day that the axis does not reach.
export function pointed(u, paint, days, values) {
  onCanvas(u, (ctx, { top, base }, x) => {
    ctx.fillStyle = paint.accent;
    const { min, max } = u.scales.y;
    for (const day of days.filter((n) => values[n] > max)) ctx.fill(new Path2D(`M${x(day)},${top}l-4,7h8Z`));
    for (const day of days.filter((n) => (values[n] ?? min) < min)) ctx.fill(new Path2D(`M${x(day)},${base}l-4,-7h8Z`));
  });
}

export function notched(u, paint, days) {
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

export function ringed(u, paint, day, hue) {
  onCanvas(u, (ctx, _, x, y) => ring(ctx, paint, hue, x(day), y(0), 3.5));
}

// What a day will come to: a hollow mark in a dashed band, which ends where the axis does.
export function banded(u, paint, days, nowcasts) {
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
