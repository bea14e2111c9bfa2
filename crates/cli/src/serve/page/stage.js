// The words once, and under them a curve for each network: every point lies under the middle of its word.

import { $, SHOWN, drawing, element, listed, probability, short } from "./dom.js";
import * as inside from "./inside.js";
import {
  final, isBinary, longest, padding, positionsAt, predicted, prediction, probabilityAt, side, spoken, steps,
} from "./reading.js";

// Above and below a curve; and its height with them, which is more where there is room for it.
const EDGE = 12;
const LOW = 104;
const HIGH = 136;
let full = LOW;
const y = (value) => full - EDGE - (full - 2 * EDGE) * Math.min(1, Math.max(0, value));
const at = (number) => Number(number.toFixed(2));

// Where each word stands, from the left of the strip; the padding comes last, if there is any.
let cells = [];

const wordNodes = () => [...document.querySelectorAll("#words .word")];
const quoted = (reading, place) => `“${short(reading.tokens[place], SHOWN / 2)}”`;

// A new text: its words and a card for each network.
export function build(view) {
  const { readings } = view;
  const { words, tokens, unknown } = longest(readings);
  const nodes = Array.from({ length: words }, (_, place) => {
    const hint = unknown[place] ? " (not in the vocabulary)" : "";
    const word = element("button", { type: "button", class: "word", "data-place": place, tabindex: -1 });
    word.classList.toggle("unknown", unknown[place]);
    word.append(short(tokens[place], SHOWN / 2));
    if (hint) word.setAttribute("aria-label", short(tokens[place], SHOWN / 2) + hint);
    return word;
  });
  if (steps(readings) > words) {
    const counts = [...new Set(readings.map(padding))];
    const label = counts.length === 1 ? `padding ×${counts[0]}` : "padding";
    const cell = element("button", { type: "button", class: "word padding", "data-place": words, tabindex: -1 }, label);
    nodes.push(cell);
  }
  $("words").replaceChildren(...nodes);
  for (const old of document.querySelectorAll(".network")) old.remove();
  $("track").append(...readings.map((reading, model) => card(reading, model)));
  inside.build(view);
  measure(view);
}

function card(reading, model) {
  const kind = reading.masked ? "trained with a mask" : "trained without a mask";
  const ticks = isBinary(reading) ? [`1 ${reading.classes[1]}`, "0.5", `0 ${reading.classes[0]}`] : ["1", "0.5", "0"];
  return element(
    "article",
    { class: "network line", "data-model": model, "data-network": reading.network, "aria-labelledby": `name-${model}` },
    element(
      "div",
      { class: "side" },
      element("h3", { id: `name-${model}`, title: `${reading.model}, ${kind}` }, reading.model),
      element("p", { class: "now" }),
      element("p", { class: "change" }),
    ),
    element("div", { class: "axis", "aria-hidden": "true" }, ...ticks.map((tick) => element("span", {}, tick))),
    element("div", { class: "plot" }),
    element("div", { class: "inside" }),
  );
}

// Reads from the page where the words stand, and draws the curves there.
export function measure(view) {
  if (view.readings.length === 0) return;
  const { words } = longest(view.readings);
  const roomy = matchMedia("(min-width: 56.01rem)").matches && innerHeight >= 330 + HIGH * view.readings.length;
  $("stage").classList.toggle("roomy", roomy);
  full = roomy ? HIGH : LOW;
  const strip = $("words").getBoundingClientRect();
  cells = wordNodes().map((node) => {
    const { left, right } = node.getBoundingClientRect();
    return { left: left - strip.left, right: right - strip.left };
  });
  view.readings.forEach((reading, model) => {
    const plot = document.querySelector(`.network[data-model="${model}"] .plot`);
    plot.replaceChildren(frame(reading, model, strip.width, words));
  });
  drawMap(view);
  show(view);
}

// Left and right of a position in the strip: all padding shares one place.
function span(reading, position, words) {
  if (position < reading.words) return cells[position];
  const cell = cells[words];
  const share = (cell.right - cell.left) / padding(reading);
  const left = cell.left + share * (position - reading.words);
  return { left, right: left + share };
}

function frame(reading, model, width, words) {
  const svg = drawing("svg", { class: "curve", width: at(width), height: full, role: "img" });
  const across = (value, name) => drawing("line", { class: name, x1: 0, x2: at(width), y1: y(value), y2: y(value) });
  const box = (name, { left, right }, more = {}) =>
    drawing("rect", { class: name, x: at(left), y: 0, width: at(right - left), height: full, ...more });
  const note = ({ left }, text) => drawing("text", { class: "note", x: at(left + 5), y: EDGE - 1 }, text);
  svg.append(box("column", { left: 0, right: 0 }), box("pointed", { left: 0, right: 0 }));
  if (padding(reading) > 0 && cells[words]) {
    const hatch = `hatch-${model}`;
    svg.append(
      drawing(
        "pattern",
        { id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
        drawing("rect", { class: "hatch", width: 1, height: 6 }),
      ),
      box("rest", cells[words], { fill: `url(#${hatch})` }),
      note(cells[words], reading.masked ? "skipped (mask)" : "read like words"),
    );
  } else if (reading.words < words) {
    const late = { left: cells[reading.words].left, right: width };
    svg.append(box("late", late), note(late, `not read: after position ${reading.words}`));
  }
  svg.append(across(1, "grid"), across(0, "grid"), across(0.5, "half"));
  for (const name of ["ahead", "past"]) {
    svg.append(
      drawing(
        "g",
        { class: name },
        ...["first", "second", "other"].map((which) => drawing("path", { class: `bars ${which}` })),
        drawing("polyline", { class: "path" }),
        drawing("path", { class: "points" }),
      ),
    );
  }
  svg.append(drawing("circle", { class: "here", r: 4.5 }), drawing("text", { class: "value" }));
  return svg;
}

// Draws the positions from `from` to before `to`.
function draw(group, reading, from, to, words) {
  const bars = { "-1": "", 0: "", 1: "" };
  const line = [];
  let points = "";
  for (let position = Math.max(0, from); position < to; position++) {
    const { left, right } = span(reading, position, words);
    const middle = at((left + right) / 2);
    const bar = reading.bars[position];
    const base = isBinary(reading) ? 0.5 : 0;
    const gap = position < reading.words ? 1 : 0;
    bars[side(reading, bar)] += `M${at(left + gap)} ${at(y(base))}H${at(right - gap)}V${at(y(bar))}H${at(left + gap)}Z`;
    line.push(`${middle},${at(y(reading.path[position]))}`);
    if (position < reading.words) points += `M${middle} ${at(y(reading.path[position]))}h0`;
  }
  const [first, second, other] = group.querySelectorAll(".bars");
  first.setAttribute("d", bars["-1"]);
  second.setAttribute("d", bars[1]);
  other.setAttribute("d", bars[0]);
  group.querySelector(".path").setAttribute("points", line.join(" "));
  group.querySelector(".points").setAttribute("d", points);
}

// Shows the current step. Nothing is drawn beyond what has been read.
export function show(view) {
  const { readings, step, read } = view;
  if (readings.length === 0) return;
  const { words } = longest(readings);
  const last = steps(readings);
  $("place").textContent = placeText(view, words, last);
  wordNodes().forEach((word, place) => {
    word.classList.toggle("later", place >= read);
    word.tabIndex = place === Math.max(0, step - 1) ? 0 : -1;
    if (place === step - 1) word.setAttribute("aria-current", "true");
    else word.removeAttribute("aria-current");
  });
  readings.forEach((reading, model) => {
    const node = document.querySelector(`.network[data-model="${model}"]`);
    const now = positionsAt(reading, step, last);
    const drawn = positionsAt(reading, read, last);
    draw(node.querySelector(".past"), reading, 0, now, words);
    // The line goes on from the last point.
    draw(node.querySelector(".ahead"), reading, now - 1, Math.max(now, drawn), words);
    const svg = node.querySelector(".curve");
    svg.setAttribute("aria-label", curveLabel(reading, step, last));
    mark(svg.querySelector(".column"), step > 0 ? cells[step - 1] : null);
    here(svg, reading, step, last, now, words);
    node.querySelector(".now").replaceChildren(...nowText(reading, step, last));
    node.querySelector(".change").replaceChildren(...changeText(view, reading, model));
  });
  point(view.hovered);
  showMap(view);
  inside.show(view);
}

function here(svg, reading, step, last, now, words) {
  const [dot, label] = [svg.querySelector(".here"), svg.querySelector(".value")];
  const value = probabilityAt(reading, step, last);
  const there = value !== null && now > 0;
  for (const node of [dot, label]) node.setAttribute("visibility", there ? "visible" : "hidden");
  if (!there) return;
  const { left, right } = span(reading, now - 1, words);
  const middle = (left + right) / 2;
  const height = y(value);
  dot.setAttribute("cx", at(middle));
  dot.setAttribute("cy", at(height));
  dot.setAttribute("class", `here ${["first", "other", "second"][side(reading, value) + 1]}`);
  const ends = middle + 40 > Number(svg.getAttribute("width"));
  label.textContent = probability(value);
  label.setAttribute("x", at(ends ? middle - 8 : middle + 8));
  label.setAttribute("y", at(height < EDGE + 14 ? height + 14 : height - 6));
  label.setAttribute("text-anchor", ends ? "end" : "start");
}

function placeText({ readings, step }, words, last) {
  if (step === 0) return "before the first word";
  if (step <= words && step < last) return `word ${step} of ${words}`;
  const most = Math.max(...readings.map(padding));
  return `all ${words} words${most === 0 ? "" : " and padding"}`;
}

// After what: a word, the padding, or the whole text.
function moment(reading, step, last) {
  if (step >= last) return padding(reading) > 0 && !reading.masked ? "after the padding" : "at the end";
  if (step > reading.words) return "after its last word";
  return `${reading.perToken ? "up to" : "after"} ${quoted(reading, step - 1)}`;
}

function nowText(reading, step, last) {
  const value = probabilityAt(reading, step, last);
  if (value === null) return ["no word read yet"];
  const chip = ["first", "other", "second"][side(reading, value) + 1];
  const label = predicted(reading, value);
  const when = !isBinary(reading) && step < last ? "at the end: " : "";
  const what = reading.perToken ? "mean probability" : "probability";
  return [
    element("span", { class: `chip ${chip}` }, `predicted ${when}${label}`),
    element(
      "span",
      { class: "said" },
      `${what} of ${spoken(reading)} ${moment(reading, step, last)}: `,
      element("b", {}, probability(value)),
    ),
  ];
}

function changeText({ before }, reading, model) {
  if (!before) return [];
  const old = prediction(before[model].reading, before[model].value, probability);
  const now = prediction(reading, final(reading), probability);
  return [
    element("span", {}, "without “not”: ", element("b", {}, old)), " ",
    element("span", {}, "with “not”: ", element("b", {}, now)),
  ];
}

function curveLabel(reading, step, last) {
  const value = probabilityAt(reading, step, last);
  const name = `${reading.model}: probability of ${spoken(reading)} after each word`;
  return value === null ? name : `${name}; ${moment(reading, step, last)} ${probability(value)}`;
}

function mark(rect, cell) {
  rect.setAttribute("x", cell ? at(cell.left) : 0);
  rect.setAttribute("width", cell ? at(cell.right - cell.left) : 0);
}

// The place under the pointer, in all curves.
export function point(place) {
  for (const rect of document.querySelectorAll(".pointed")) mark(rect, place === null ? null : cells[place]);
}

export function placeAt(clientX) {
  const x = clientX - $("words").getBoundingClientRect().left;
  const place = cells.findIndex(({ left, right }) => x >= left && x < right);
  return place < 0 ? null : place;
}

// What the tooltip says of a place.
export function tip({ readings, read }, place) {
  const { words, tokens } = longest(readings);
  const last = steps(readings);
  const title = place < words ? `“${short(tokens[place])}”, word ${place + 1} of ${words}` : "after the padding";
  if (place >= read) return [element("b", {}, title), element("p", {}, "not read yet")];
  const classes = [...new Set(readings.map(spoken))];
  const rows = readings.flatMap((reading) => {
    const name = element("dt", {}, reading.model);
    if (place >= reading.words && place + 1 < last) return [name, element("dd", {}, "does not read this word")];
    const value = probabilityAt(reading, place + 1, last);
    const alone = reading.perToken && place < reading.words ? reading.beliefs[place] : null;
    const more = alone === null ? "" : element("span", {}, `, word alone ${probability(alone)}`);
    const said = element("b", {}, classes.length === 1 ? probability(value) : `${spoken(reading)} ${probability(value)}`);
    return [name, element("dd", {}, said, more)];
  });
  return [element("b", {}, title), element("p", {}, `probability of ${listed(classes)}`), element("dl", {}, ...rows)];
}

// The whole text in small, a row for each network.
function drawMap({ readings }) {
  const last = steps(readings);
  const map = $("map");
  map.setAttribute("viewBox", `0 0 ${last} ${readings.length}`);
  map.replaceChildren(
    ...readings.flatMap((reading, row) =>
      Array.from({ length: last }, (_, place) => {
        const value = probabilityAt(reading, place + 1, last);
        if (place >= reading.words && place + 1 < last) return "";
        const which = ["first", "other", "second"][side(reading, value) + 1];
        const strength = isBinary(reading) ? 2 * Math.abs(value - 0.5) : value;
        const opacity = (0.06 + 0.94 * strength).toFixed(2);
        return drawing("rect", { class: which, x: place, y: row + 0.08, width: 1.02, height: 0.84, "fill-opacity": opacity });
      }),
    ),
    drawing("rect", { class: "cover", y: 0, height: readings.length }),
    drawing("rect", { class: "window", y: 0.02, height: readings.length - 0.04 }),
    drawing("line", { class: "cursor", y1: 0, y2: readings.length }),
  );
}

function showMap({ readings, step, read }) {
  const last = steps(readings);
  const cover = $("map").querySelector(".cover");
  cover.setAttribute("x", read);
  cover.setAttribute("width", Math.max(0, last - read));
  const cursor = $("map").querySelector(".cursor");
  for (const end of ["x1", "x2"]) cursor.setAttribute(end, Math.max(0, step - 0.5));
  showWindow();
}

// The part of the text that can be seen: the strip less what stands at its sides.
function seen() {
  const stage = $("stage").getBoundingClientRect();
  const style = getComputedStyle($("stage"));
  const [left, right] = [parseFloat(style.scrollPaddingLeft) || 0, parseFloat(style.scrollPaddingRight) || 0];
  const strip = $("words").getBoundingClientRect();
  return { left: stage.left + left - strip.left, right: stage.right - right - strip.left };
}

export function showWindow() {
  const window = $("map").querySelector(".window");
  if (!window || cells.length === 0) return;
  const { left, right } = seen();
  const from = cells.findIndex((cell) => cell.right > left + 1);
  const past = cells.findIndex((cell) => cell.left >= right - 1);
  const to = past < 0 ? cells.length : past;
  window.setAttribute("x", Math.max(0, from));
  window.setAttribute("width", Math.max(0, to - from));
  $("overview").hidden = from <= 0 && to >= cells.length;
}

// Scrolls so that a place can be seen.
export function reveal(place) {
  const cell = cells[place];
  if (!cell) return;
  const { left, right } = seen();
  const margin = Math.min(60, (right - left) / 6);
  if (cell.left >= left + (left > 1 ? margin : 0) && cell.right <= right - margin) return;
  $("stage").scrollLeft += (cell.left + cell.right) / 2 - (left + right) / 2;
}
