"""Somebody in front of a live page: headless Chromium, by pointer and keyboard."""

from __future__ import annotations

from typing import Any

POINT_AT_EACH = """
const [figure, selector, names] = arguments;
return names.map((name) => {
  const element = figure.querySelector(selector.replace("{}", CSS.escape(name)));
  element.dispatchEvent(new PointerEvent("pointerenter"));
  const marked = (css) => [...figure.querySelectorAll("[data-unit]." + css)]
    .map((e) => [e.dataset.unit, e.querySelector(".cg-count")?.textContent ?? null]);
  const shown = { in: marked("cg-in"), at: marked("cg-at"), hole: marked("cg-hole"),
    kernel: [...figure.querySelectorAll("[data-kernel].cg-in")].map((e) => e.dataset.parameter),
    caption: figure.querySelector(".cg-caption").textContent };
  element.dispatchEvent(new PointerEvent("pointerleave"));
  return shown;
});
"""


class Reader:
    """Somebody in front of the page."""

    def __init__(self, browser: Any, address: Any) -> None:
        from selenium.webdriver import ActionChains, Keys

        self.browser, self.keys = browser, Keys
        self.actions = lambda: ActionChains(browser)
        browser.get("about:blank")
        browser.get(address)
        self.figure = browser.find_element("css selector", ".cg-figure")

    def one(self, selector: Any) -> Any:
        return self.figure.find_element("css selector", selector)

    def unit(self, name: Any) -> Any:
        return self.one(f'[data-unit="{name}"]')

    def edge(self, source: Any, target: Any) -> Any:
        return self.one(f'[data-source="{source}"][data-target="{target}"] .cg-reach')

    def point_at(self, element: Any) -> None:
        self.actions().move_to_element(element).perform()

    def press(self, *keys: Any) -> None:
        self.actions().send_keys(*keys).perform()

    def slide_to(self, amount: Any, axis: Any = 0) -> None:
        slider = self.figure.find_elements("css selector", ".cg-shift input")[axis]
        self.browser.execute_script("arguments[0].focus()", slider)
        step = self.keys.ARROW_RIGHT if amount > 0 else self.keys.ARROW_LEFT
        for _ in range(abs(amount)):
            self.press(step)

    @property
    def caption(self) -> Any:
        return self.one(".cg-caption").text

    def units_with(self, css_class: Any) -> Any:
        found = self.figure.find_elements("css selector", f"[data-unit].{css_class}")
        return {element.get_attribute("data-unit") for element in found}

    @property
    def edges_in(self) -> Any:
        found = self.figure.find_elements("css selector", "[data-source].cg-in")
        return {(e.get_attribute("data-source"), e.get_attribute("data-target")) for e in found}

    def point_at_each(self, selector: Any, names: Any) -> Any:
        """What each of these elements shows: per class the units, their texts, the caption."""
        return self.browser.execute_script(POINT_AT_EACH, self.figure, selector, names)

    @property
    def active(self) -> Any:
        return self.browser.switch_to.active_element.get_attribute("data-unit")
