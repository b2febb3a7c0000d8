"use strict";
// Light or dark as somebody else wants it, and otherwise as the system: a page around this one says
// it by frame.contentWindow.postMessage({ colorScheme: "dark" }, "*"), and an address by
// "figure.html?color-scheme=dark". Whoever asks, there is nothing else to choose, and no answer.
{
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule.media?.mediaText.includes("prefers-color-scheme: dark"));
  const systems = rules.map((rule) => rule.media.mediaText);

  const choose = (scheme) => {
    const own = scheme === "dark" ? "all" : scheme === "light" && "not all";
    rules.forEach((rule, i) => { rule.media.mediaText = own || systems[i]; });
    document.documentElement.style.colorScheme = own ? scheme : "";
    window.dispatchEvent(new Event("colorscheme"));
  };

  window.addEventListener("message", ({ data }) => {
    if (typeof data?.colorScheme === "string") choose(data.colorScheme);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => window.dispatchEvent(new Event("colorscheme")));
  choose(new URLSearchParams(location.search).get("color-scheme"));
}
