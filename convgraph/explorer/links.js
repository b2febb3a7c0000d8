"use strict";
// What is shown as the part of the address behind #, and back. Cells, channels
// and findings count from 1.
function toLink({ name, channel, cell, pixel, finding, heat, moved }) {
  const parts = [["tensor", name]];
  if (channel !== null) parts.push(["channel", channel < 0 ? "all" : channel + 1]);
  if (cell) parts.push(["cell", cell.map((i) => i + 1).join(",")]);
  if (pixel) parts.push(["pixel", pixel.map((i) => i + 1).join(",")]);
  if (finding !== null) parts.push(["finding", finding + 1]);
  if (heat) parts.push(["view", "effective"]);
  if (moved.some((n) => n)) parts.push(["shift", moved.join(",")]);
  return "#" + parts.map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%2C/g, ",").replace(/%2F/g, "/")}`).join("&");
}

function fromLink(text) {
  const found = {};
  for (const part of text.replace(/^#/, "").split("&")) {
    const [key, value = ""] = part.split(/=(.*)/s);
    try { found[key] = decodeURIComponent(value); } catch { found[key] = value; }
  }
  const numbers = (key) => {
    const list = (found[key] || "").split(",").map(Number);
    return found[key] && list.every(Number.isInteger) ? list : null;
  };
  const broken = ["cell", "pixel", "shift", "channel"].find((key) => found[key] && !numbers(key) && found[key] !== "all");
  const places = (key) => numbers(key)?.map((n) => n - 1) || null;
  return { name: found.tensor, channel: places("channel")?.[0] ?? null, all: found.channel === "all", cell: places("cell"),
    pixel: places("pixel"), finding: places("finding")?.[0] ?? null, heat: found.view === "effective", moved: numbers("shift"),
    broken: broken ? `${broken} ${found[broken]}` : null };
}
