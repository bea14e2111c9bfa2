// The page: asks the networks of this machine, and shows what they said, step by step.
"use strict";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

const EXAMPLES = [
  "I expected to be bored, and it is not bad at all. I laughed from the first minute to the last.",
  "The actors are wonderful, the music is great, the pictures are beautiful, and still it is a waste of two hours.",
  "Not good. Not funny. I would not watch it again.",
  "It starts slowly, and the first half is rather dull, but then it becomes one of the best films I have seen in years.",
];

// Characters of a word that are shown: a word may be as long as the text.
const SHOWN = 60;

const state = {
  models: [],
  readings: [],
  before: null, // verdicts before the last change of the text
  step: 0, // words that have been read; one more once everything has been, padding, too
  hovered: null, // the word pointed at, if any
  timer: null,
  question: 0, // number of the latest question: older answers are dropped
};

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function drawing(name, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// A text cut to what can be read, without what would reorder or break the line around it.
function short(text, most) {
  const characters = Array.from(text.slice(0, 2 * most + 2));
  const cut = characters.length > most ? `${characters.slice(0, most).join("")}…` : text;
  return cut.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");
}

function say(text, error = false) {
  $("message").textContent = text;
  $("message").classList.toggle("error", error);
}

async function ask(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("nobody answers; is `recurrent serve` still running?");
  }
  const answer = await response.json().catch(() => ({ error: "the answer cannot be read" }));
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

// Reads the text anew. Gradients take longer: they come in a second answer.
async function read() {
  const question = ++state.question;
  const text = $("text").value;
  if (text.trim() === "") {
    stop();
    $("reading").hidden = true;
    $("not").disabled = true;
    say("Write or paste a review, or pick one.");
    return;
  }
  try {
    const readings = await ask("api/read", { text, states: true });
    if (question !== state.question) return;
    for (const reading of readings) reading.layers ??= []; // the dense network has none
    state.readings = readings;
    state.step = steps();
    state.hovered = null;
    $("reading").hidden = false;
    say(tooLate());
    build();
    show();
  } catch (error) {
    if (question === state.question) say(error.message, true);
    return;
  }
  try {
    const felt = await ask("api/read", { text, gradient: true });
    if (question !== state.question) return;
    felt.forEach((reading, place) => {
      (reading.layers ?? []).forEach((layer, which) => {
        const shown = state.readings[place].layers;
        (shown[which] ??= { name: layer.name }).gradient = layer.gradient;
      });
      state.readings[place].loss_label = reading.loss_label;
    });
    showDetails();
  } catch (error) {
    if (question === state.question) say(error.message, true);
  }
}

// Beliefs speak for the second of two classes, and of more for the one that the network decides for.
const spoken = (reading) => (reading.beliefs_of ? ["other", reading.beliefs_of] : reading.classes);

const second = (reading) =>
  reading.beliefs_of || reading.label === reading.classes[1]
    ? reading.probability
    : 1 - reading.probability;

const bucket = (belief) => Math.max(0, Math.min(10, Math.round(10 * belief)));

const verdict = (belief, reading, classes = spoken(reading)) =>
  reading.beliefs_of || belief > 0.5
    ? `${classes[1]} ${(100 * belief).toFixed(1)} %`
    : `${classes[0]} ${(100 * (1 - belief)).toFixed(1)} %`;

// Networks may differ in how many words they read.
function tooLate() {
  const late = state.readings.filter((reading) => reading.unread > 0);
  const all = late.every((reading) => reading.words === late[0].words);
  if (late.length === state.readings.length && all) {
    return `The networks read the first ${late[0].words} words; ${late[0].unread} came too late.`;
  }
  const of = (reading) => `${reading.model} reads the first ${reading.words} words, ${reading.unread} come too late.`;
  return late.map(of).join(" ");
}

// The reading with the most words: its steps are those of all.
const longest = () =>
  state.readings.reduce((most, reading) => (reading.words > most.words ? reading : most));

const padding = (reading) => reading.tokens.length - reading.words;

// The steps one can go: the words, and the padding behind them as one, where there is any.
function steps() {
  return longest().words + (state.readings.some((reading) => padding(reading) > 0) ? 1 : 0);
}

// What a network believes after `step` words; of the dense one, the mean over the words so far.
function beliefAt(reading, step) {
  if (step === 0) return null;
  // Through with all that it reads.
  if (step >= steps() || step > reading.words) return second(reading);
  if (reading.network !== "dense") return reading.beliefs[step - 1];
  const read = reading.beliefs.slice(0, step);
  return read.reduce((sum, belief) => sum + belief, 0) / step;
}

// All networks' names of one of the two classes.
const className = (which) =>
  [...new Set(state.readings.map((reading) => spoken(reading)[which]))].join(" / ");

function build() {
  $("key-first").textContent = className(0);
  $("key-second").textContent = className(1);
  $("networks").replaceChildren(
    ...state.readings.map((reading, model) => {
      const words = element("div", { class: "words" });
      for (let place = 0; place < reading.words; place++) {
        const word = element("span", { class: "word", "data-place": place });
        word.textContent = short(reading.tokens[place], SHOWN);
        if (reading.unknown[place]) word.classList.add("unknown");
        words.append(word, " ");
      }
      const rest = padding(reading);
      if (rest > 0) {
        words.append(element("span", { class: "word padding" }, `+ ${rest} × padding`));
      }
      return element(
        "article",
        { class: "network", "data-network": reading.network, "data-model": model },
        element(
          "div",
          { class: "head" },
          element("h3", {}, reading.model),
          element("span", { class: "change" }),
          element("output", { class: "now" }),
        ),
        curve(reading),
        words,
      );
    }),
  );
}

function curve(reading) {
  const width = Math.max(1, steps() - 1);
  const beliefs = reading.beliefs.slice(0, reading.words);
  while (beliefs.length < steps()) beliefs.push(second(reading));
  const points = beliefs.map((belief, place) => `${place},${(1 - belief).toFixed(4)}`);
  return drawing(
    "svg",
    {
      class: "curve",
      viewBox: `0 0 ${width} 1`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${reading.model}: belief after each word`,
    },
    drawing("line", { class: "half", x1: 0, x2: width, y1: 0.5, y2: 0.5 }),
    drawing("polyline", { class: "path", points: points.join(" ") }),
    drawing("line", { class: "cursor", x1: 0, x2: 0, y1: 0, y2: 1 }),
  );
}

function show() {
  const { words } = longest();
  const most = Math.max(...state.readings.map(padding));
  $("place").textContent =
    state.step > words
      ? `all ${words} words, and ${most} steps of padding`
      : `${state.step} of ${words} words`;
  $("not").disabled = words === 0;
  state.readings.forEach((reading, model) => {
    const card = document.querySelector(`article[data-model="${model}"]`);
    card.querySelectorAll(".word").forEach((word, place) => {
      for (const name of [...word.classList]) if (/^b\d+$/.test(name)) word.classList.remove(name);
      const read = place < reading.words ? place < state.step : state.step > words;
      const belief = place < reading.words ? reading.beliefs[place] : second(reading);
      if (read) word.classList.add(`b${bucket(belief)}`);
      word.classList.toggle("later", !read);
      word.classList.toggle("here", place === (state.hovered ?? state.step - 1));
    });
    const belief = beliefAt(reading, state.step);
    card.querySelector(".now").textContent =
      belief === null ? "has read nothing" : verdict(belief, reading);
    const cursor = card.querySelector(".cursor");
    const x = Math.max(0, state.hovered ?? state.step - 1);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    const before = state.before?.[model];
    card.querySelector(".change").textContent =
      before === undefined || before === null
        ? ""
        : `was ${verdict(before, reading)}, is ${verdict(second(reading), reading)}`;
  });
  showDetails();
}

// The word one looks at: that pointed at, else the last one read.
const looked = () => state.hovered ?? Math.min(state.step, longest().words) - 1;

function showDetails() {
  const place = looked();
  if (place < 0) {
    $("inside-title").textContent = "Inside";
    $("details").replaceChildren();
    return;
  }
  const word = short(longest().tokens[place], SHOWN);
  $("inside-title").textContent = `Inside, after word ${place + 1}: “${word}”`;
  $("details").replaceChildren(
    ...state.readings.map((reading, model) => detail(reading, model, place)),
  );
}

function detail(reading, model, place) {
  const list = element("dl");
  const entry = (name, ...value) => list.append(element("dt", {}, name), element("dd", {}, ...value));
  const card = element(
    "div",
    { class: "detail", "data-network": reading.network, "data-model": model },
    element("h3", {}, reading.model),
    list,
  );
  if (place >= reading.words) {
    entry("belief", "this word comes too late for this network");
    return card;
  }
  entry("belief", `${spoken(reading)[1]} ${reading.beliefs[place].toFixed(4)}`);
  for (const layer of reading.layers) {
    const prefix = reading.layers.length > 1 ? `${layer.name}: ` : "";
    for (const gate of layer.gates ?? []) {
      const open = gate.open[place];
      const mean = open.reduce((sum, value) => sum + value, 0) / open.length;
      entry(`${prefix}${gate.name} gate`, `${mean.toFixed(2)} open`, strip(open, gate.name));
    }
    if (layer.states) {
      const size = layer.states[place].map(Math.abs);
      entry(`${prefix}state`, `${size.length} units`, strip(size, "state, without sign"));
    }
    if (layer.gradient) {
      entry(`${prefix}gradient`, layer.gradient[place].toExponential(1), ` at the last step ${layer.gradient.at(-1).toExponential(1)}`);
    } else {
      entry(`${prefix}gradient`, "…");
    }
  }
  if (reading.layers.length === 0) entry("memory", "none: no other word matters here");
  return card;
}

// One bar a unit, as high as its value between 0 and 1.
function strip(values, name) {
  const bars = values.map((value, place) =>
    drawing("rect", { x: place, y: 1 - value, width: 0.8, height: value }),
  );
  return drawing(
    "svg",
    {
      class: "strip",
      viewBox: `0 0 ${values.length} 1`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${name} of each of ${values.length} units`,
    },
    ...bars,
  );
}

function go(step) {
  if (state.readings.length === 0) return;
  state.step = Math.max(0, Math.min(steps(), step));
  state.hovered = null;
  show();
}

function stop() {
  clearTimeout(state.timer);
  state.timer = null;
  $("play").textContent = "Play";
  $("play").setAttribute("aria-pressed", "false");
}

function play() {
  if (state.readings.length === 0) return;
  if (state.timer !== null) return stop();
  if (state.step >= steps()) go(0);
  $("play").textContent = "Pause";
  $("play").setAttribute("aria-pressed", "true");
  const tick = () => {
    go(state.step + 1);
    if (state.step >= steps()) return stop();
    state.timer = setTimeout(tick, 1000 / Number($("pace").value));
  };
  state.timer = setTimeout(tick, 1000 / Number($("pace").value));
}

// Where the words that the networks see begin in the text: they are split at ASCII's blanks, `<br />` is
// one, too, and what is left of a word without its punctuation must be something.
function wordStarts(text) {
  const starts = [];
  for (const match of text.replaceAll("<br />", "      ").matchAll(/[^ \t\n\v\f\r]+/gu)) {
    if (/[^!-/:-@[-`{-~]/u.test(match[0])) starts.push(match.index);
  }
  return starts;
}

function insertNot() {
  const text = $("text").value;
  const start = wordStarts(text)[looked()];
  if (start === undefined) return say("Go to a word first.", true);
  state.before = state.readings.map(second);
  $("text").value = `${text.slice(0, start)}not ${text.slice(start)}`;
  read();
}

function changed() {
  state.before = null;
  read();
}

function debounce(call, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, milliseconds);
  };
}

function keys(event) {
  const typing = event.target.closest("textarea, input, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || $("reading").hidden) return;
  if (event.key === " " && event.target.closest("button")) return;
  const moves = {
    ArrowLeft: () => go(state.step - 1),
    ArrowRight: () => go(state.step + 1),
    Home: () => go(0),
    End: () => go(Infinity),
    " ": play,
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  if (event.key !== " ") stop();
  move();
}

function hover(event) {
  const word = event.target.closest?.(".word[data-place]");
  const place = word ? Number(word.dataset.place) : null;
  if (place === state.hovered) return;
  state.hovered = place;
  if (state.readings.length > 0) show();
}

async function start() {
  $("text").addEventListener("input", debounce(changed, 200));
  $("pick").addEventListener("change", () => {
    if ($("pick").value === "") return;
    $("text").value = $("pick").value;
    changed();
  });
  $("not").addEventListener("click", insertNot);
  $("first").addEventListener("click", () => (stop(), go(0)));
  $("back").addEventListener("click", () => (stop(), go(state.step - 1)));
  $("forward").addEventListener("click", () => (stop(), go(state.step + 1)));
  $("last").addEventListener("click", () => (stop(), go(Infinity)));
  $("play").addEventListener("click", play);
  $("pace").addEventListener("input", () => {
    $("pace-text").textContent = `${$("pace").value} words a second`;
  });
  document.addEventListener("keydown", keys);
  $("networks").addEventListener("mouseover", hover);
  $("networks").addEventListener("mouseleave", () => hover({ target: document }));
  try {
    state.models = await ask("api/models");
  } catch (error) {
    return say(error.message, true);
  }
  const option = (text, label) => element("option", { value: text }, label);
  $("pick").append(...EXAMPLES.map((text) => option(text, short(text, SHOWN))));
  for (const model of state.models) {
    if (model.worst.length === 0) continue;
    const group = element("optgroup", { label: `What ${model.model} got most wrong` });
    for (const review of model.worst) {
      const label = `${model.classes[review.label]}: ${short(review.text, SHOWN)}`;
      group.append(option(review.text, label));
    }
    $("pick").append(group);
  }
  if (state.models.some((model) => model.sample)) {
    document.querySelector("header p").append(" These were trained on the bundled sample, not on real reviews.");
  }
  $("text").value = EXAMPLES[0];
  changed();
}

start();
