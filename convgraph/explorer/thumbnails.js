"use strict";
// A tensor as a small picture: what of it is asked about, or how it takes a shift.
const MOST_ACROSS = 30;

function thumbnail(canvas, row, colours, base, verdict, set) {
  const { height, width } = sheet(divided(row).space);
  const across = Math.min(width, MOST_ACROSS), down = Math.min(height, MOST_ACROSS);
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.setProperty("--flat", height === 1 ? "10px" : "34px");
  }
  const values = verdict || set, image = new ImageData(across, down);
  const most = new Float64Array(across * down);
  if (values) {
    for (let y = 0, i = 0; y < height; y++) {
      const to = Math.floor((y * down) / height) * across;
      for (let x = 0; x < width; x++, i++) {
        if (!values[i]) continue;
        const at = to + Math.floor((x * across) / width);
        if (values[i] > most[at]) most[at] = values[i];
      }
    }
  }
  const tones = thumbnailTones(canvas, colours, base, { across, down, height, width });
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
    key, picture: base?.picture, own: own.map(packed),
    marked: own.map((colour) => packed(mixed(colour, colours.fieldNumbers, 0.6))),
    pale: own.map((colour) => packed(mixed(grey(colour), colours.paperNumbers, 0.72))),
  };
  return canvas.tones;
}
