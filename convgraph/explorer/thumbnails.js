"use strict";
// A tensor as a small picture: what of it is asked about, or how it takes a shift; slices lie on top
// of each other.
const MOST_ACROSS = 30;

function thumbnail(canvas, row, colours, base, verdict, set) {
  const { height: all, high: height, width } = sheet(divided(row).space);
  const across = Math.min(width, MOST_ACROSS), down = Math.min(height, MOST_ACROSS);
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.setProperty("--flat", height === 1 ? "10px" : "34px");
  }
  const tones = thumbnailTones(canvas, colours, base, { across, down, height, width });
  if (canvas.shown === (verdict || set) && canvas.shownTones === tones) return;
  Object.assign(canvas, { shown: verdict || set, shownTones: tones });
  const image = new ImageData(across, down), most = new Uint8Array(across * down);
  const told = verdict ? arrayOf([all, width], verdict) : set;
  if (told) {
    eachRun(told, (at, from, length) => {
      const y = Math.floor(at / width), x = at - y * width;
      const start = Math.floor(((y % height) * down) / height) * across;
      for (let i = 0; i < length; i++) {
        const to = start + tones.column[x + i];
        if (told.values[from + i] > 0) most[to] = Math.max(most[to], verdict ? verdict[at + i] : 1);
      }
    });
  }
  const pixels = new Uint32Array(image.data.buffer);
  const judged = [colours.quietNumbers, colours.holdsNumbers, colours.breaksNumbers, colours.quietNumbers].map(packed);
  for (let i = 0; i < most.length; i++) {
    pixels[i] = verdict ? judged[most[i]] : !set ? tones.own[i] : most[i] > 0 ? tones.marked[i] : tones.pale[i];
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// The colours of its pixels, kept while the picture is the same.
function thumbnailTones(canvas, colours, base, { across, down, height, width }) {
  const key = `${colours.paper} ${across} ${down}`;
  if (canvas.tones?.key === key && canvas.tones.picture === base?.picture) return canvas.tones;
  const none = mixed(colours.paperNumbers, colours.quietNumbers, 0.5);
  const own = Array.from({ length: across * down }, (_, i) => (base ?
    base(Math.floor(((Math.floor(i / across) + 0.5) * height) / down), Math.floor(((i % across) + 0.5) * width / across)) : none));
  canvas.tones = {
    key, picture: base?.picture,
    column: Int32Array.from({ length: width }, (_, x) => Math.floor((x * across) / width)), own: own.map(packed),
    marked: own.map((colour) => packed(mixed(colour, colours.fieldNumbers, 0.6))),
    pale: own.map((colour) => packed(mixed(grey(colour), colours.paperNumbers, 0.72))),
  };
  return canvas.tones;
}
