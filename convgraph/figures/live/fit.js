"use strict";
// Letters were measured for the face of a book. In a wider one they become smaller where they would
// cross the outline of their unit or cell, or leave the gap of the arrow that they stand on.
function fit(groups, letters = ":scope > text:not(.cg-count)") {
  const found = [];
  for (const group of groups) {
    const texts = [...group.querySelectorAll(letters)];
    const shapes = [...group.querySelectorAll(":scope > :is(ellipse, polygon, path)")];
    if (!texts.length || !shapes.length) continue;
    const boxes = shapes.map((shape) => shape.getBBox());
    const wide = Math.max(...boxes.map((b) => b.x + b.width)) - Math.min(...boxes.map((b) => b.x));
    const outlined = group.dataset.unit !== undefined || group.dataset.kernel !== undefined;
    const room = outlined ? 0.9 * wide : wide;
    const lines = texts.map((text) => ({ text, box: text.getBBox() }));
    const most = Math.max(...lines.map(({ box }) => box.width));
    found.push({ lines, scale: most > 0 && room > 0 ? Math.min(1, room / most) : 1 });
  }
  for (const { lines, scale } of found) {
    for (const { text, box } of lines) {
      if (scale === 1) {
        text.removeAttribute("transform");
        continue;
      }
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      text.setAttribute("transform", `translate(${x} ${y}) scale(${scale}) translate(${-x} ${-y})`);
    }
  }
}
