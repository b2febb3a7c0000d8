"use strict";
// Plays the frames of a page: play and pause, a step at a time, a slider, a speed, keys.
const MOST = 2.4;  // as in player.py
for (const figure of document.querySelectorAll(".mo")) {
  const frames = [...figure.querySelectorAll(".mo-frame")];
  const slider = figure.querySelector("input"), said = figure.querySelector(".mo-said");
  const caption = figure.querySelector(".mo-caption");
  const play = figure.querySelector("[value=play]"), number = figure.querySelector(".mo-number");
  const seconds = JSON.parse(figure.dataset.seconds), captions = JSON.parse(figure.dataset.captions);
  const speed = figure.querySelector("select"), bar = figure.querySelector(".mo-bar");
  const longest = captions.reduce((a, b) => (b.length > a.length ? b : a));
  const layouts = JSON.parse(figure.dataset.layouts), svg = figure.querySelector("svg");
  const view = figure.querySelector(".mo-view"), left = Number(figure.dataset.left);
  const [read, easy] = JSON.parse(figure.dataset.least);  // scales at which letters can be, and are easily, read
  let at = 0, waiting = null;

  // The panels as they are largest in this window: side by side, or wrapped like words. The first
  // layout is that of the drawing, which stays where another is little larger.
  function arrange() {
    const beside = getComputedStyle(figure);
    // Room for the longest caption, or what is below would move from frame to frame.
    caption.style.minHeight = "";
    caption.textContent = longest;
    const words = caption.offsetHeight, around = words + bar.offsetHeight + 4 * parseFloat(beside.paddingTop);
    caption.style.minHeight = `${words}px`;
    caption.textContent = captions[at];
    const wide = figure.clientWidth - parseFloat(beside.paddingLeft) - parseFloat(beside.paddingRight);
    const tall = Math.max(innerHeight - around, 200);
    const scale = ([w, h]) => Math.min(wide / w, Math.max(tall / h, easy), MOST);
    const best = layouts.reduce((a, b) => (scale(b) > 1.05 * scale(a) ? b : a)), [width, height, ...moves] = best;
    svg.classList.toggle("mo-wrapped", best !== layouts[0]);
    svg.setAttribute("viewBox", `${best === layouts[0] ? left : 0} 0 ${width} ${height}`);
    // What would be too small to be read is wider than the window, and goes on to the right.
    svg.style.minWidth = "0";
    svg.style.width = `${scale(best) < read ? Math.ceil(read * width) : Math.floor(scale(best) * width)}px`;
    scrolled();
    for (let i = 0; i < moves.length; i += 2) {
      svg.style.setProperty(`--panel${i / 2}`, `translate(${moves[i]}px, ${moves[i + 1]}px)`);
    }
  }

  // A film that goes on pales there, and keys reach and move it.
  function scrolled() {
    view.classList.toggle("mo-more", view.scrollLeft + view.clientWidth < view.scrollWidth - 1);
    if (view.scrollWidth > view.clientWidth) view.tabIndex = 0;
    else view.removeAttribute("tabindex");
  }

  function show(which) {
    frames[at].setAttribute("visibility", "hidden");
    at = (which + frames.length) % frames.length;
    frames[at].setAttribute("visibility", "visible");
    slider.value = at;
    number.textContent = `${at + 1}/${frames.length}`;
    caption.textContent = captions[at];
    slider.setAttribute("aria-valuetext", `${at + 1} of ${frames.length}: ${captions[at]}`);
    if (!waiting) said.textContent = captions[at];
  }

  function go() {
    show(at + 1);
    wait();
  }

  function wait() {
    clearTimeout(waiting);
    waiting = setTimeout(go, 1000 * seconds[at] / Number(speed.value));
  }

  function stop() {
    clearTimeout(waiting);
    waiting = null;
    play.textContent = "play";
    said.textContent = captions[at];
  }

  function toggle() {
    if (waiting) { stop(); return; }
    play.textContent = "pause";
    wait();
  }

  function to(which) {
    stop();
    show(which);
  }

  function faster(by) {
    speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + by, 0), speed.length - 1);
    changed();
  }

  function changed() {
    said.textContent = `speed ${speed.selectedOptions[0].textContent}`;
    if (waiting) wait();
  }

  const doing = { first: () => to(0), back: () => to(at - 1), play: toggle, next: () => to(at + 1), last: () => to(-1) };
  for (const button of figure.querySelectorAll("button")) button.addEventListener("click", doing[button.value]);
  slider.addEventListener("input", () => to(slider.valueAsNumber));
  speed.addEventListener("change", changed);
  // Where a page has nothing but this film, keys need no focus.
  const listens = document.querySelectorAll(".mo").length === 1 ? document : figure;
  listens.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;  // the browser's
    if (event.shiftKey && event.key !== "+") return;
    const signs = { "+": () => faster(1), "=": () => faster(1), "-": () => faster(-1) };
    if (event.target === view && event.key.startsWith("Arrow")) return;
    if (event.target === speed || (event.target === slider && event.key !== " " && !signs[event.key])) return;
    const keys = { ArrowLeft: doing.back, ArrowRight: doing.next, " ": toggle, Home: doing.first, End: doing.last, ...signs };
    if (!keys[event.key] || (event.key === " " && event.target.tagName === "BUTTON")) return;
    event.preventDefault();
    keys[event.key]();
  });
  view.addEventListener("scroll", scrolled);
  new ResizeObserver(arrange).observe(figure);
  addEventListener("resize", arrange);
  show(0);
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) toggle();
}
