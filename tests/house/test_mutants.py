"""The command that plants bugs names what is there, and its interval is the published one."""

from __future__ import annotations

import re

import pytest

from tests.mutants import _SLOW, PARTS, ROOT, Figure, main, wilson


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilson_s(hits: int, tries: int, low: float, high: float) -> None:
    """Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(hits, tries) == pytest.approx((low, high), abs=0.00005)
    assert wilson(tries - hits, tries) == pytest.approx((1 - high, 1 - low), abs=0.00005)


def test_a_sample_is_said_with_its_interval_and_a_whole_part_without() -> None:
    assert str(Figure(181, 200, 3766)) == ("  181 of   200 bugs noticed,  90 % (of all 3766: 95 % between 86 and 94 %)")
    assert str(Figure(192, 192, 192)) == "  192 of   192 bugs noticed, 100 %"
    assert Figure(0, 0, 0).share == 0


@pytest.mark.parametrize("name", PARTS)
def test_a_part_names_modules_and_tests_that_are_there(name: str) -> None:
    part = PARTS[name]
    assert all(list(ROOT.glob(pattern)) for pattern in part.modules)
    assert all((ROOT / path).exists() for path in part.tests)


@pytest.mark.parametrize("test", _SLOW)
def test_a_test_that_is_left_out_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.M)


def test_a_part_that_is_not_there_is_said_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store"]) == 2
    assert capsys.readouterr().out == f"There is no part store. There are: {', '.join(PARTS)}.\n"
