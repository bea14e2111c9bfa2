// Nodes, texts and numbers as the page shows them, and the questions it asks of its server.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

export const element = (name, attributes = {}, ...children) =>
  filled(document.createElement(name), attributes, children);

export const drawing = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, name), attributes, children);

// Characters of a word that are shown: a word may be as long as the text.
export const SHOWN = 60;

// A text cut to what can be read, without what would reorder or break the line around it.
export function short(text, most = SHOWN) {
  const characters = Array.from(text.slice(0, 2 * most + 2));
  const cut = characters.length > most ? `${characters.slice(0, most).join("")}…` : text;
  return cut.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");
}

// A probability with two digits; what is not quite certain does not look certain, nor a narrow decision like none.
export function probability(value) {
  if (Math.abs(value - 0.5) < 0.005) return value.toFixed(3);
  if (value < 0.005) return "<0.01";
  return value < 0.995 ? value.toFixed(2) : ">0.99";
}

const POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

// A size of any order of magnitude with two digits: 0.52, 13, 5.1×10⁻³.
export function size(value) {
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(1).split("e");
  if (exponent >= -2 && exponent <= 3) return exponent > 1 ? value.toFixed(0) : value.toPrecision(2);
  const digits = Array.from(String(Math.abs(exponent)), (digit) => POWERS[digit]);
  return `${mantissa}×10${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
}

// `a`, `a and b`, `a, b and c`.
export function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export async function ask(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("No answer from the server. Is `recurrent serve` still running?");
  }
  const answer = await response.json().catch(() => ({ error: "The server's answer cannot be read." }));
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

export function debounce(call, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, milliseconds);
  };
}
