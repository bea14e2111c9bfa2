// The page: asks the networks of this machine, and shows what they say, word by word.

import { $, ask, debounce, element, listed, short } from "./dom.js";
import { choices } from "./examples.js";
import { final, longest, padding, prepare, steps, unreliable } from "./reading.js";
import * as stage from "./stage.js";

const state = {
  models: [],
  readings: [],
  before: null, // what each network said of the whole text before a “not” was put in
  step: 0, // the current step: words read so far; one more is the end, padding included
  read: 0, // the furthest step that has been read: nothing is drawn beyond it
  hovered: null, // the place under the pointer, if any
  timer: null,
  question: 0, // number of the latest question: older answers are dropped
};

const last = () => steps(state.readings);
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function say(text, error = false) {
  $("message").textContent = text;
  $("message").classList.toggle("error", error);
}

// There is nothing to show of this text.
function clear(text, error) {
  stop();
  state.readings = [];
  $("reading").hidden = true;
  hideTip();
  say(text, error);
}

// Reads the text anew. Gradients take longer: they come in a second answer.
async function read() {
  const question = ++state.question;
  const text = $("text").value;
  if (text.trim() === "") return clear("There is no text, so there is no prediction. Write or paste a review, or choose one.");
  try {
    const readings = await ask("api/read", { text, states: true });
    if (question !== state.question) return;
    state.readings = readings.map((reading, place) => prepare(reading, state.models[place]));
    stop();
    state.step = state.read = last();
    state.hovered = null;
    $("reading").hidden = false;
    say(notes());
    legend();
    stage.build(state);
  } catch (error) {
    if (question === state.question) clear(sentence(error.message), true);
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
    });
    stage.show(state);
  } catch (error) {
    if (question === state.question) say(sentence(error.message), true);
  }
}

// An error of the server's as a sentence.
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;

// What to keep in mind of this text: words that were cut off, and padding where it counts.
function notes() {
  const hint = state.before
    ? "Under each name is the prediction for the whole review, without and with the new “not”."
    : "Click a word to go there. Arrow keys step, space plays.";
  return [...cutOff(), ...padded()].join(" ") || hint;
}

function cutOff() {
  const late = state.readings.filter((reading) => reading.unread > 0);
  const all = late.every((reading) => reading.words === late[0].words);
  if (late.length > 0 && late.length === state.readings.length && all) {
    return [`The networks read ${late[0].words} words, ${late[0].gap ? "from both ends" : "the first ones"}; the other ${late[0].unread} were cut off.`];
  }
  return late.map(
    (reading) =>
      `${reading.model} reads ${reading.words} words, ${reading.gap ? "from both ends" : "the first ones"}; the other ${reading.unread} were cut off.`,
  );
}

function padded() {
  const groups = new Map();
  for (const reading of state.readings.filter(unreliable)) {
    const places = `${padding(reading)} of ${reading.tokens.length} positions`;
    groups.set(places, [...(groups.get(places) ?? []), reading.model]);
  }
  return [...groups].map(([places, names]) =>
    names.length === 1
      ? `${places} were padding; ${names[0]} was trained without a mask, so its answer on short texts is not reliable.`
      : `${places} were padding; ${listed(names)} were trained without a mask, so their answers on short texts are not reliable.`,
  );
}

// The names of the colours: of all models, where they tell two classes apart.
function legend() {
  const two = state.readings.filter((reading) => reading.classes.length === 2);
  const names = (which) => [...new Set(two.map((reading) => reading.classes[which]))].join(" / ");
  for (const [key, which] of [["key-first", 0], ["key-second", 1]]) {
    $(key).hidden = two.length === 0;
    $(key).lastElementChild.textContent = names(which);
  }
  $("key-other").hidden = two.length === state.readings.length;
  const alone = state.readings.filter((reading) => reading.perToken).map((reading) => reading.model);
  $("key-bar").textContent = alone.length > 0 ? `bars of ${listed(alone)}: each word alone` : "";
  $("key-bar").hidden = alone.length === 0;
  $("key-state").hidden = state.readings.every((reading) => reading.layers.length === 0);
}

// Goes to a step. While playing, what comes later is not drawn until it has been read.
function go(step, { playing = false, focus = false } = {}) {
  if (state.readings.length === 0) return;
  state.step = Math.max(0, Math.min(last(), step));
  state.read = playing ? state.step : Math.max(state.read, state.step);
  stage.show(state);
  stage.reveal(Math.max(0, state.step - 1));
  if (focus) $("words").querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
}

function stop() {
  clearTimeout(state.timer);
  state.timer = null;
  $("play").textContent = "Play";
}

function play() {
  if (state.readings.length === 0) return;
  if (state.timer !== null) return stop();
  hideTip();
  go(state.step >= last() ? 0 : state.step, { playing: true });
  $("play").textContent = "Pause";
  const pause = () => 1000 / Number($("pace").value);
  const tick = () => {
    go(state.step + 1, { playing: true });
    if (state.step >= last()) return stop();
    state.timer = setTimeout(tick, pause());
  };
  state.timer = setTimeout(tick, pause());
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
  if (state.readings.length === 0) return;
  const text = $("text").value;
  const shown = longest(state.readings);
  const word = Math.min(state.step, shown.words) - 1;
  const start = wordStarts(text)[shown.gap && word >= shown.gap ? word + shown.unread : word];
  if (start === undefined) return say("Go to a word first.", true);
  state.before = state.readings.map((reading) => ({ reading, value: final(reading) }));
  $("text").value = `${text.slice(0, start)}not ${text.slice(start)}`;
  read();
}

function changed() {
  state.before = null;
  read();
}

function keys(event) {
  if (event.key === "Escape") return hideTip();
  const typing = event.target.closest("textarea, input, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || state.readings.length === 0) return;
  if (event.key === " " && event.target.closest("button")) return;
  const moves = { ArrowLeft: state.step - 1, ArrowRight: state.step + 1, Home: 0, End: Infinity };
  if (event.key !== " " && moves[event.key] === undefined) return;
  event.preventDefault();
  if (event.key === " ") return play();
  stop();
  const onWord = event.target.closest(".word") !== null;
  // Where a word has the focus, the first step is the first word.
  go(onWord ? Math.max(1, event.key === "Home" ? 1 : moves[event.key]) : moves[event.key], { focus: onWord });
}

let leaving = null;

function hideTip() {
  clearTimeout(leaving);
  $("tip").hidden = true;
  state.hovered = null;
  stage.point(null);
}

// Shows the tooltip of a place above its word.
function showTip(place) {
  clearTimeout(leaving);
  if (place === state.hovered || state.readings.length === 0) return;
  state.hovered = place;
  stage.point(place);
  const tip = $("tip");
  tip.replaceChildren(...stage.tip(state, place));
  tip.hidden = false;
  const word = $("words").children[place].getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.max(8, Math.min(innerWidth - width - 8, (word.left + word.right - width) / 2));
  const top = word.top - height - 4 >= 4 ? word.top - height - 4 : word.bottom + 4;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${top + scrollY}px`;
}

function hover(event) {
  if (event.pointerType === "touch") return;
  const word = event.target.closest?.(".word");
  const place = word ? Number(word.dataset.place) : event.target.closest?.(".plot") ? stage.placeAt(event.clientX) : null;
  if (place === null) return leave();
  showTip(place);
}

// The pointer may go from the word to its tooltip.
function leave() {
  clearTimeout(leaving);
  leaving = setTimeout(hideTip, 150);
}

// A click on a word, or on a curve under it, goes there and stays.
function clicked(event) {
  const word = event.target.closest(".word");
  const place = word ? Number(word.dataset.place) : event.target.closest(".plot") ? stage.placeAt(event.clientX) : null;
  if (place === null) return;
  stop();
  go(place + 1, { focus: word !== null });
}

function jump(event) {
  if (event.buttons !== 1 || state.readings.length === 0) return;
  stop();
  const { left, width } = $("map").getBoundingClientRect();
  go(1 + Math.floor(((event.clientX - left) / width) * last()));
}

function listen() {
  $("text").addEventListener("input", debounce(changed, 200));
  $("pick").addEventListener("change", () => {
    if ($("pick").value === "") return;
    $("text").value = $("pick").value;
    $("stage").scrollLeft = 0;
    changed();
  });
  $("not").addEventListener("click", insertNot);
  const step = (target) => () => (stop(), go(target()));
  $("first").addEventListener("click", step(() => 0));
  $("back").addEventListener("click", step(() => state.step - 1));
  $("forward").addEventListener("click", step(() => state.step + 1));
  $("last").addEventListener("click", step(() => Infinity));
  $("play").addEventListener("click", play);
  $("pace").addEventListener("input", () => {
    $("pace-text").textContent = `${$("pace").value} words a second`;
  });
  document.addEventListener("keydown", keys);
  const track = $("track");
  track.addEventListener("pointermove", hover);
  track.addEventListener("pointerleave", leave);
  track.addEventListener("click", clicked);
  track.addEventListener("focusin", (event) => {
    if (event.target.matches(".word:focus-visible")) showTip(Number(event.target.dataset.place));
  });
  track.addEventListener("focusout", leave);
  $("tip").addEventListener("pointerenter", () => clearTimeout(leaving));
  $("tip").addEventListener("pointerleave", leave);
  for (const kind of ["pointerdown", "pointermove"]) $("map").addEventListener(kind, jump);
  $("stage").addEventListener("scroll", () => (stage.showWindow(), hideTip()), { passive: true });
  new ResizeObserver(() => stage.measure(state)).observe($("stage"));
  if (calm()) document.documentElement.classList.add("calm");
}

async function start() {
  listen();
  try {
    state.models = await ask("api/models");
  } catch (error) {
    return say(sentence(error.message), true);
  }
  const groups = choices(state.models);
  for (const { label, reviews } of groups) {
    const options = reviews.map((review) => element("option", { value: review.text }, short(review.label)));
    $("pick").append(element("optgroup", { label }, ...options));
  }
  const samples = state.models.filter((model) => model.sample).map((model) => model.model);
  if (samples.length > 0) {
    const who = samples.length === state.models.length ? "These models were" : `${listed(samples)} ${samples.length > 1 ? "were" : "was"}`;
    $("about").append(` ${who} trained on the bundled sample of made-up reviews.`);
  }
  $("text").value = groups[0]?.reviews[0].text ?? "";
  changed();
}

start();
