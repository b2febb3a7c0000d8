"use strict";
// What is written in a unit while the input is shifted.

// Into a unit the label of the one whose value has moved here, or a text; null restores its own.
function relabel(unit, from) {
  const text = unit.querySelector("text");
  if (!text) return;
  text.dataset.own ??= JSON.stringify([text.innerHTML, text.getAttribute("font-size"), text.getAttribute("y")]);
  const [html, size, y] = JSON.parse(text.dataset.own);
  const other = from instanceof Element ? from.querySelector("text") : null;
  if (from instanceof Element && !other) {
    text.innerHTML = "";
    return;
  }
  const [label, theirs] = other ? JSON.parse(other.dataset.own) : [from ?? html, size];
  text.innerHTML = label;
  text.setAttribute("font-size", theirs);
  // Where letters are larger or smaller, their middle stays.
  text.setAttribute("y", String(Number(y) + 0.3 * (Number(theirs) - Number(size))));
}
