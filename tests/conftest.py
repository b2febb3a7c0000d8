"""What several tests share: a browser, and which examples Hypothesis draws."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, so that a failure is everybody's and not the luck of one;
# --hypothesis-profile=search draws new ones. A slow machine fails nothing.
settings.register_profile(
    "search", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("repeat", settings.get_profile("search"), derandomize=True)
settings.load_profile("repeat")

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,1200",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no Chromium with its driver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def on_axes() -> Iterator[None]:
    """Small networks, too, are decided on their axes, and not at once on their edges."""
    from convgraph.symmetry.equivariance import check

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(check, "SMALL", -1)
        yield
