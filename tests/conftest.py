"""What several tests share: a browser, torchvision, and which examples Hypothesis draws."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, so that a failure is everybody's and not the luck of one;
# --draws 1000 draws so many new ones. They are few, as the exhaustive tests draw on. A slow machine
# fails nothing, and the first example pays for imports.
settings.register_profile(
    "search",
    deadline=None,
    max_examples=20,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("repeat", settings.get_profile("search"), derandomize=True)
settings.load_profile("repeat")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--draws", type=int, help="only the tests that draw examples, with so many new ones each"
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--draws"):
        settings.load_profile("search")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    draws = config.getoption("--draws")
    if not draws:
        return
    functions = [getattr(item, "function", None) for item in items]
    drawn = [hasattr(function, "hypothesis") for function in functions]
    for function in {f for f, draw in zip(functions, drawn, strict=True) if draw}:
        own = function._hypothesis_internal_use_settings
        function._hypothesis_internal_use_settings = settings(
            own, max_examples=draws, derandomize=False
        )
    config.hook.pytest_deselected(
        items=[item for item, draw in zip(items, drawn, strict=True) if not draw]
    )
    items[:] = [item for item, draw in zip(items, drawn, strict=True) if draw]


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


@pytest.fixture(scope="session")
def models() -> Iterator[Any]:
    """torchvision's networks, which need none of its compiled operators.

    These are built for one build of PyTorch. Beside another, such as one without CUDA, two of them
    have to be declared, or it cannot be imported.
    """
    torch = pytest.importorskip("torch")
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        pytest.skip("torchvision is not installed")
    operators = torch.library.Library("torchvision", "FRAGMENT")
    try:
        torch.ops.load_library(Path(spec.origin).with_name("_C.so"))
    except OSError:
        for name in ("nms", "qnms"):
            operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    yield import_module("torchvision").models
    del operators  # what it declares is there as long as it is


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


@pytest.fixture
def few_shifts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live pages decide a shift by one along each axis, where a test is of something else."""
    monkeypatch.setattr("convgraph.figures.live.shifts.FARTHEST", {1: 1, 2: 1, 3: 1})
