// Small plots of our own: lines or steps over time, as SVG, with their figures for whoever cannot see them.
import { svg } from "./dom.js";

const PAD = { top: 8, right: 8, bottom: 18, left: 44 };

/**
 * Lines over time. Each series has a `tone` (a class `tone-…` of the styles) and points [x, y] in the order of x; y null is a gap.
 * @param {object} of
 * @param {string} of.label what is shown, in a sentence with its figures: the plot's text for a screen reader
 * @param {{name: string, tone?: string, points: [number, number | null][]}[]} of.series
 * @param {number} [of.width]
 * @param {number} [of.height]
 * @param {boolean} [of.steps] holds a value until the next one, as prices do
 * @param {[number, number]} [of.xRange]
 * @param {[number, number]} [of.yRange]
 * @param {[number, string][]} [of.yTicks] what is written at the side, where it must be exact; else `yWords` of three values
 * @param {(y: number) => string} [of.yWords]
 * @param {(x: number) => string} [of.xWords]
 */
export function plot({ label, series, width = 320, height = 96, steps = false, xRange, yRange, yTicks, yWords = String, xWords = String }) {
  const points = series.flatMap((one) => one.points.filter(([, y]) => y !== null));
  const [x0, x1] = xRange ?? span(points.map(([x]) => x));
  const [y0, y1] = yRange ?? span([0, ...points.map(([, y]) => y)]);
  const place = {
    x: (x) => PAD.left + ((x - x0) / (x1 - x0 || 1)) * (width - PAD.left - PAD.right),
    y: (y) => height - PAD.bottom - ((y - y0) / (y1 - y0 || 1)) * (height - PAD.top - PAD.bottom),
  };
  const lines = series.map(({ name, tone = "accent", points: own }) =>
    svg("path", { class: `plot-line tone-${tone}`, d: path(own, place, steps) }, svg("title", {}, name)),
  );
  return svg(
    "svg",
    { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    grid(place, yTicks ?? [y0, (y0 + y1) / 2, y1].map((y) => [y, yWords(y)]), width),
    svg("text", { class: "plot-text", x: PAD.left, y: height - 4 }, xWords(x0)),
    svg("text", { class: "plot-text", x: width - PAD.right, y: height - 4, "text-anchor": "end" }, xWords(x1)),
    lines,
    lastDots(series, place),
  );
}

/**
 * A bar of a share, with its words beside it by the caller: `share` is 0 to 1, more is drawn as full.
 * @param {{share: number, tone?: string, label: string}} of
 */
export function bar({ share, tone = "accent", label }) {
  const width = Math.max(0, Math.min(1, share || 0)) * 100;
  return svg(
    "svg",
    { class: "bar", viewBox: "0 0 100 6", preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("rect", { class: "bar-all", width: 100, height: 6 }),
    svg("rect", { class: `bar-part tone-${tone}`, width, height: 6 }),
  );
}

function grid(place, ticks, width) {
  return ticks.map(([y, text]) => [
    svg("line", { class: "plot-grid", x1: PAD.left, x2: width - PAD.right, y1: place.y(y), y2: place.y(y) }),
    svg("text", { class: "plot-text", x: PAD.left - 6, y: place.y(y) + 3.5, "text-anchor": "end" }, text),
  ]);
}

function lastDots(series, place) {
  return series.map(({ points, tone = "accent" }) => {
    const last = points.findLast(([, y]) => y !== null);
    return last && svg("circle", { class: `plot-dot tone-${tone}`, cx: place.x(last[0]), cy: place.y(last[1]), r: 2.5 });
  });
}

function path(points, place, steps) {
  const parts = [];
  let before = null;
  for (const [x, y] of points) {
    if (y !== null) {
      const at = `${place.x(x).toFixed(1)} ${place.y(y).toFixed(1)}`;
      if (before === null) parts.push(`M${at}`);
      else parts.push(steps ? `L${place.x(x).toFixed(1)} ${place.y(before).toFixed(1)}L${at}` : `L${at}`);
    }
    before = y;
  }
  return parts.join("");
}

function span(values) {
  if (values.length === 0) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? [low, low + 1] : [low, high];
}
