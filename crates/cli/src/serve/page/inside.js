// What is inside the networks at the current place: gates, signed states, gradients.

import { $, drawing, element, probability, short, size } from "./dom.js";
import { longest, spoken, steps } from "./reading.js";

// Which of its recurrent layers each model shows.
let chosen = [];

export function build({ readings }) {
  chosen = readings.map(() => 0);
}

// The position whose inside is shown; after the last step the last position, which may be padding.
function positionOf(reading, step, last) {
  return step >= last ? reading.path.length - 1 : step - 1;
}

export function show(view) {
  const { readings, step } = view;
  const last = steps(readings);
  const { words, tokens } = longest(readings);
  $("inside-title").textContent =
    step === 0 ? "Inside" : step > words ? "Inside, at the end of the padding" : `Inside, after “${short(tokens[step - 1], 24)}”`;
  readings.forEach((reading, model) => {
    const node = document.querySelector(`.network[data-model="${model}"] .inside`);
    const active = node.contains(document.activeElement);
    node.replaceChildren(...content(view, reading, model, step, last));
    if (active) node.querySelector("select")?.focus();
  });
}

function content(view, reading, model, step, last) {
  const text = (words) => [element("p", { class: "soft" }, words)];
  if (step === 0) return text("Nothing has been read yet.");
  const position = positionOf(reading, step, last);
  if (step < last && position >= reading.words) return text("This network does not read this word.");
  if (reading.layers.length === 0 && !reading.perToken) {
    return text("No recurrent layer next to the words: no state, no gates.");
  }
  if (reading.layers.length === 0) {
    const what = position < reading.words ? `“${short(reading.tokens[position], 24)}”` : "padding";
    const alone = `probability of ${spoken(reading)} for ${what} alone: `;
    return [
      element("p", {}, alone, element("b", {}, probability(reading.beliefs[position]))),
      ...text("No recurrent layer: no state, no gates. Each word is scored on its own; the prediction is the mean."),
    ];
  }
  const layer = reading.layers[chosen[model]] ?? reading.layers[0];
  const rows = element("dl", { class: "rows" });
  const row = (name, picture, ...value) =>
    rows.append(element("dt", {}, name), element("dd", { class: "picture" }, picture), element("dd", {}, ...value));
  for (const gate of layer.gates ?? []) {
    const open = gate.open[position];
    const mean = open.reduce((sum, value) => sum + value, 0) / open.length;
    row(`${gate.name} gate`, gates(open, gate.name), `mean ${mean.toFixed(2)}`);
  }
  if (layer.states) {
    const most = (layer.most ??= Math.max(...layer.states.flat().map(Math.abs)));
    const units = layer.states[position].length;
    row("state", states(layer.states[position], most), `${units} units,`, element("br"), `within \u00b1${most.toFixed(2)}`);
  }
  row("gradient", gradients(layer.gradient, position), ...gradientText(layer.gradient, position));
  return reading.layers.length > 1 ? [picker(view, reading, model), rows] : [rows];
}

function gradientText(gradient, position) {
  if (!gradient) return ["computing"];
  const end = `${size(gradient.at(-1))} at the end`;
  if (position >= gradient.length - 1) return [end];
  return [`${size(gradient[position])} here,`, element("br"), end];
}

// A network of several layers, or of one that reads both ways, shows one of them at a time.
function picker(view, reading, model) {
  const options = reading.layers.map((layer, place) =>
    element("option", { value: place, selected: place === chosen[model] && "" }, layer.name.replaceAll("_", " ").replace("/", ", ")),
  );
  const select = element("select", { class: "layer", "aria-label": `Layer of ${reading.model}` }, ...options);
  select.addEventListener("change", () => {
    chosen[model] = Number(select.value);
    show(view);
  });
  return select;
}

const picture = (name, width, height, label, ...children) =>
  drawing(
    "svg",
    { class: name, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    ...children,
  );

// One bar a unit, as high as its gate is open.
function gates(open, name) {
  const bars = open.map((value, unit) => `M${unit} 1v${-value.toFixed(3)}h.8v${value.toFixed(3)}z`);
  return picture("units", open.length, 1, `${name} gate of each of ${open.length} units`, drawing("path", { d: bars.join("") }));
}

// One bar a unit, up where its state is positive and down where it is negative.
function states(values, most) {
  const bar = (value, unit) => `M${unit} 0v${(-value / (most || 1)).toFixed(3)}h.8V0z`;
  const path = (name, wanted) =>
    drawing("path", { class: name, d: values.map((value, unit) => (wanted(value) ? bar(value, unit) : "")).join("") });
  const svg = picture(
    "units signed", values.length, 2, `signed state of each of ${values.length} units`,
    path("positive", (value) => value > 0), path("negative", (value) => value < 0),
    drawing("line", { x1: 0, x2: values.length, y1: 0, y2: 0 }),
  );
  svg.setAttribute("viewBox", `0 -1 ${values.length} 2`);
  return svg;
}

// The gradients at all positions on a logarithmic scale, with the current one marked.
function gradients(gradient, position) {
  if (!gradient) return "";
  const most = Math.max(...gradient);
  if (!(most > 0)) return "";
  const floor = Math.max(most * 1e-8, Math.min(...gradient.filter((value) => value > 0)));
  const range = Math.log(most / floor) || 1;
  const height = (value) => (1 - Math.log(Math.max(value, floor) / floor) / range).toFixed(3);
  return picture(
    "units gradient", Math.max(1, gradient.length - 1), 1, "gradient at each position, logarithmic",
    drawing("line", { x1: position, x2: position, y1: 0, y2: 1 }),
    drawing("polyline", { points: gradient.map((value, place) => `${place},${height(value)}`).join(" ") }),
  );
}
