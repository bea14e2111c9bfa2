// What the readings of one text say: pure functions of the server's answers.
//
// A step is a word that has been read; where any network reads padding, all of it is one more step at the end.

// The probabilities of a reading speak for the second of two classes, and of more for the predicted one.
export const spoken = (reading) => reading.beliefs_of ?? reading.classes[1];

export const isBinary = (reading) => reading.beliefs_of === undefined && reading.classes.length === 2;

// Probability of the class spoken for, of the whole text.
export const final = (reading) =>
  reading.label === spoken(reading) ? reading.probability : 1 - reading.probability;

export const padding = (reading) => reading.tokens.length - reading.words;

// The reading with the most words: its steps are those of all.
export const longest = (readings) =>
  readings.reduce((most, reading) => (reading.words > most.words ? reading : most));

export const steps = (readings) =>
  longest(readings).words + (readings.some((reading) => padding(reading) > 0) ? 1 : 0);

// Adds what the page needs at every place: `path`, the prediction so far after each position, padding included, and
// `bars`, which are those of each word alone where the network scores every word alone.
export function prepare(reading, model) {
  reading.masked = model?.masked === true;
  reading.perToken = model?.per_token === true;
  reading.layers ??= []; // a network without recurrent layers has none
  reading.bars = reading.beliefs;
  let sum = 0;
  reading.path = reading.perToken
    ? reading.beliefs.map((value, place) => (sum += value) / (place + 1))
    : reading.beliefs;
  return reading;
}

// Positions that a network has read after `step` of `last` steps.
export const positionsAt = (reading, step, last) =>
  step >= last ? reading.path.length : Math.min(step, reading.words);

// The probability after `step` of `last` steps; before the first word there is none.
export function probabilityAt(reading, step, last) {
  if (step <= 0) return null;
  if (step >= last) return final(reading);
  return reading.path[positionsAt(reading, step, last) - 1] ?? null;
}

// The class predicted where the probability is `value`. Of more than two classes only the last prediction is known.
export const predicted = (reading, value) =>
  isBinary(reading) ? reading.classes[value > 0.5 ? 1 : 0] : reading.label;

// `pos 0.55`: the prediction and its probability.
export function prediction(reading, value, format) {
  const label = predicted(reading, value);
  return `${label} ${format(label === spoken(reading) ? value : 1 - value)}`;
}

// -1 for the first of two classes, 1 for the second, 0 for none of them.
export const side = (reading, value) => (isBinary(reading) ? (value > 0.5 ? 1 : -1) : 0);

// Whether a network without a mask reads more padding than words.
export const unreliable = (reading) => !reading.masked && padding(reading) > reading.words;
