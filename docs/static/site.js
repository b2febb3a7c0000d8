// What the site does beyond its theme.

// Live pages are light or dark as this page is: in frames, and where a link opens one.
const frames = [...document.querySelectorAll("iframe.live")];
const links = [...document.querySelectorAll("a.live")];

function tell(frame) {
  frame.contentWindow.postMessage({ colorScheme: document.body.dataset.theme, tellHeight: true }, "*");
}

function follow() {
  frames.forEach(tell);
  for (const link of links) {
    const address = new URL(link.href);
    address.searchParams.set("color-scheme", document.body.dataset.theme);
    if (document.body.dataset.theme === "auto") address.searchParams.delete("color-scheme");
    link.href = address;
  }
}

for (const frame of frames) frame.addEventListener("load", () => tell(frame));
new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-theme"] });
follow();

// A frame is as high as what is in it, which tells. While it is as wide as it was it only grows, or
// what is below would move up and down with each answer.
const HIGHEST = 4000;  // pixels
const given = new Map();  // how wide each frame was, and how high what was in it

window.addEventListener("message", ({ source, data }) => {
  const frame = frames.find(({ contentWindow }) => contentWindow === source);
  if (!frame || !(data?.height > 0)) return;
  const { wide, high } = given.get(frame) ?? {}, now = frame.clientWidth;
  const needed = Math.min(Math.max(data.height, wide === now ? high : 0), HIGHEST);
  given.set(frame, { wide: now, high: needed });
  frame.style.height = `${needed + frame.offsetHeight - frame.clientHeight}px`;
});

// A picture that would be too small to be read in its column is as large as it has to be, and pales
// where it goes on.
const READ = 0.5;  // of its own size

function fit(picture) {
  const least = READ * picture.naturalWidth, row = picture.parentElement;
  row.classList.toggle("long", least > row.clientWidth);
  picture.style.width = least > row.clientWidth ? `${least}px` : "";
  row.classList.toggle("more", row.scrollLeft + row.clientWidth < row.scrollWidth - 1);
}

for (const picture of document.querySelectorAll("article p > img:only-child")) {
  new ResizeObserver(() => fit(picture)).observe(picture.parentElement);
  for (const change of ["load", "scroll"]) picture.parentElement.addEventListener(change, () => fit(picture), true);
}

// Films stand still until somebody plays them, and stop when asked to. The link beside a still leads
// to the film; it and the still are a button here.
for (const link of document.querySelectorAll("a.plays")) {
  const picture = link.closest("section").querySelector("img"), still = picture.src;
  const toggle = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;  // a tab or a window of its own
    event.preventDefault();
    const begins = picture.src === still;
    picture.src = begins ? link.href : still;
    link.textContent = begins ? "Stop." : "Play.";
  };
  link.setAttribute("role", "button");
  link.addEventListener("click", toggle);
  link.addEventListener("keydown", (event) => { if (event.key === " ") toggle(event); });
  picture.addEventListener("click", toggle);
  picture.style.cursor = "pointer";
}

// The reference once was one page: an address into it leads to where the name is now.
const asked = decodeURIComponent(location.hash.slice(1));
if (asked.startsWith("convgraph.") && location.pathname.endsWith("/made/api.html")) {
  const row = document.getElementById(asked.split(".", asked.startsWith("convgraph.testing.") ? 3 : 2).join("."));
  const link = row?.parentElement.querySelector("a");
  if (link) location.replace(link.href.replace(/#.*/, location.hash));
}

// Long names in tables may go on below, behind a point, a bracket or an underscore.
for (const name of document.querySelectorAll("table.docutils code .pre")) {
  const parts = name.textContent.split(/(?<=[_.(])(?=\w)/);
  name.replaceChildren(...parts.flatMap((part, i) => i ? [document.createElement("wbr"), part] : [part]));
}
