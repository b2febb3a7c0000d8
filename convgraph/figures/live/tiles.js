// The tiles of a plan: the one that is pointed at, or tabbed to, shows what it reads and keeps.
(() => {
  const svg = document.querySelector(".cg-stage svg");
  const { tiles } = JSON.parse(document.querySelector(".cg-data").textContent);
  const caption = document.querySelector(".cg-caption");
  const place = (rect, box) =>
    ["x", "y", "width", "height"].forEach((name, i) => rect.setAttribute(name, box[i]));
  const show = (cell) => {
    const tile = tiles[cell.dataset.tile];
    place(svg.querySelector(".cg-read"), tile.read);
    place(svg.querySelector(".cg-kept"), tile.kept);
    for (const words of svg.querySelectorAll("text, title")) words.textContent = ""; // of the first tile
    caption.textContent = tile.said;
  };
  for (const cell of svg.querySelectorAll("[data-tile]")) {
    cell.setAttribute("tabindex", "0");
    cell.setAttribute("aria-label", tiles[cell.dataset.tile].said);
    cell.addEventListener("pointerenter", () => show(cell));
    cell.addEventListener("focus", () => show(cell));
  }
})();
