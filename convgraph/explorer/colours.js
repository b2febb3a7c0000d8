"use strict";
// Colours of the page as numbers, for pixels; Okabe and Ito's, which all common kinds of colour
// vision tell apart, and viridis for amounts.
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

class Colours {
  constructor(root) {
    this.root = root;
    this.read();
  }

  read() {
    const style = getComputedStyle(this.root);
    for (const name of ["paper", "ink", "quiet", "line", "field", "point", "holds", "breaks", "other"]) {
      const text = style.getPropertyValue(`--${name}`).trim();
      this[name] = text;
      this[`${name}Numbers`] = numbersOf(text);
    }
  }
}

function numbersOf(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function mixed(a, b, share) {
  return a.map((v, i) => v + (b[i] - v) * share);
}

function grey([r, g, b]) {
  const v = 0.3 * r + 0.59 * g + 0.11 * b;
  return [v, v, v];
}

function viridis(share) {
  const at = Math.min(0.9999, Math.max(0, share)) * (VIRIDIS.length - 1), low = Math.floor(at);
  return mixed(VIRIDIS[low], VIRIDIS[low + 1], at - low);
}

function css(numbers) {
  return `rgb(${numbers.map(Math.round).join(" ")})`;
}

// As pixels are kept in memory, red first.
const LITTLE = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function packed([r, g, b]) {
  return (LITTLE ? (255 << 24) | (b << 16) | (g << 8) | r : (r << 24) | (g << 16) | (b << 8) | 255) >>> 0;
}

function unpacked(pixel) {
  const [low, middle, high] = LITTLE ? [0, 8, 16] : [24, 16, 8];
  return [(pixel >>> low) & 255, (pixel >>> middle) & 255, (pixel >>> high) & 255];
}

const HEAT = Array.from({ length: 256 }, (_, i) => packed(viridis(i / 255)));
