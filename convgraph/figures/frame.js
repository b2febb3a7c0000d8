// A page around this one gives its frame the height of what is in it. It asks by
// frame.contentWindow.postMessage({ tellHeight: true }, "*"), and hears { height: pixels }, now and
// whenever that changes. Who does not ask hears nothing.
{
  const asked = new Set();
  const tell = () => {
    const { height } = document.documentElement.getBoundingClientRect();
    for (const source of asked) source.postMessage({ height: Math.ceil(height) }, "*");
  };

  const begin = () => {
    // A bar makes a page narrower, and one whose pictures are lower for it would keep its bar.
    document.documentElement.style.scrollbarWidth = "none";
    new ResizeObserver(tell).observe(document.documentElement);
  };

  window.addEventListener("message", ({ source, data }) => {
    if (data?.tellHeight !== true || !source) return;
    if (!asked.size) begin();
    asked.add(source);
    tell();
  });
}
