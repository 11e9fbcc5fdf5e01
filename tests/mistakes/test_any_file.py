"""Whatever a file holds, its author gets messages, quickly, and never a traceback."""

import pathlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.definition.checking import check
from survey.definition.source import LARGEST
from survey.problems import MOST_PROBLEMS

pytestmark = pytest.mark.slow

QUESTIONNAIRES = pathlib.Path(__file__).parents[2] / "questionnaires"
REAL = sorted(QUESTIONNAIRES.glob("*.yaml"))
QUICKLY = 10.0
"""Seconds; on an idle machine each takes a few hundredths."""


def told(tmp_path: pathlib.Path, data: bytes, name: str = "any.yaml") -> list[str]:
    path = tmp_path / name
    path.write_bytes(data)
    started = time.process_time()
    problems = check(path)
    assert time.process_time() - started < QUICKLY
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert str(problem).isprintable()
    return [problem.message for problem in problems]


BOMB = "a: &a [x, x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

ODD = {
    "empty": (b"", "empty"),
    "blank lines": (b"\n \n\r\n", "empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "empty"),
    "ten megabytes": (b"a: b\n" * 2_000_000, "larger than"),
    "ten megabytes of brackets": (b"[" * 10_000_000, "larger than"),
    "a megabyte of brackets": (b"[" * (LARGEST - 1), "deep"),
    "a megabyte of braces": (b"{a: " * (LARGEST // 5), "deep"),
    "a megabyte of dashes": (b"- " * (LARGEST // 3), "deep"),
    "a megabyte of one word": (b"a" * (LARGEST - 1), "does not have keys"),
    "a megabyte of lines": (b"- a\n" * (LARGEST // 5), "values"),
    "a very long key": (b"a" * 5000 + b": b\n", ""),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a text file"),
    "zeros": (b"\0" * 100, "not a text file"),
    "UTF-16": ("title: Music".encode("utf-16"), "UTF-16"),
    "Latin-1": ("title: Café\n".encode("latin-1"), "not UTF-8"),
    "a lone surrogate": (b"title: \xed\xa0\x80\n", "not UTF-8"),
    "a control character": (b"title: a\x0bb\n", "control character"),
    "an escape sequence": (b"title: \x1b[31mred\n", "control character"),
    "a bomb of aliases": (BOMB.encode(), "refers to text in another place"),
    "a tag that would run code": (b"a: !!python/object/apply:os.system [ls]\n", "tag"),
    "an escaped surrogate": (b'title: "\\ud800"\n', ""),
    "an escaped zero": (b'title: "a\\0b"\n', ""),
    "an endless number": (b"questionnaire: any\nversion: " + b"9" * 6000 + b"\n", ""),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_files_get_a_sentence(tmp_path, name):
    data, words = ODD[name]
    messages = told(tmp_path, data)
    assert messages
    assert words in " ".join(messages)


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"], ids=["CR LF", "CR", "LF"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path, ends):
    for real in REAL:
        text = real.read_text(encoding="utf-8").replace("\n", ends)
        (tmp_path / real.name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    problems = check(tmp_path)
    assert [(p.file, p.line, p.column, p.message) for p in problems] == [
        (p.file, p.line, p.column, p.message) for p in check(QUESTIONNAIRES)
    ]


MANY = 2000
LONG = {
    "kinds that are not there": "      - {question: q%d, kind: yesno, ask: Hm?, wen: x}\n",
    "keys that are not there": "      - {question: q%d, kind: yes_no, ask: Hm?, wen: x, hnt: y}\n",
    "conditions about nothing": "      - {question: q%d, kind: yes_no, ask: Hm?, when: {x: yes}}\n",
    "wordings that are not there": "      - {question: q%d, kind: yes_no}\n",
    "gaps about nothing": "      - {question: q%d, kind: yes_no, ask: 'Hm {x|y}?'}\n",
}


@pytest.mark.parametrize("name", LONG)
def test_of_thousands_of_mistakes_the_first_are_told_and_soon(tmp_path, name):
    lines = "".join(LONG[name] % n for n in range(MANY))
    path = tmp_path / "any.yaml"
    path.write_text(f"questionnaire: any\npages:\n  - page: one\n    questions:\n{lines}", encoding="utf-8")
    started = time.process_time()
    problems = check(path)
    assert len(problems) == MOST_PROBLEMS + 1
    assert "only the first 200 problems in this file are listed" in problems[-1].message
    assert time.process_time() - started < 15


EXTREMES = [
    "1e400",
    "-1e400",
    "nan",
    "inf",
    "9" * 400,
    "0001-01-01",
    "9999-12-31",
    "0000-00-00",
    "1_000",
    "٣",
    "0x10",
    "-0",
]


@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_values_get_through_or_get_a_sentence(tmp_path, extreme):
    text = f"""
questionnaire: any
version: 1
title: Extremes
audience: staff
reader: {{age: 18}}
languages: [en]
pages:
  - page: one
    questions:
      - {{question: n, kind: number, ask: How many?, min: {extreme}, max: {extreme}}}
      - {{question: m, kind: number, ask: How many?}}
      - {{question: d, kind: date, ask: When?, earliest: {extreme}}}
      - {{question: e, kind: date, ask: When?}}
      - {{question: x, kind: short_text, ask: What?, when: {{n: {{at_least: {extreme}}}}}}}
      - {{question: y, kind: short_text, ask: What?, when: {{m: {{at_least: {extreme}}}, e: {{at_most: {extreme}}}}}}}
      - {{question: z, kind: short_text, ask: What?, when: {{roster.year: {{at_least: {extreme}}}}}}}
scales:
  - {{scale: s, title: S, items: [n], score: sum, direction: Up, transform: {{table: {{{extreme}: {extreme}}}}}}}
  - {{scale: t, title: T, items: [n], score: mean, direction: Up, round: {extreme}, needs: {extreme} of 1}}
  - {{scale: u, title: U, items: [n], score: mean, direction: Up, bands: {{self: [{{from: {extreme}, to: 1, label: L}}]}}}}
"""
    told(tmp_path, text.encode())
    for line in text.splitlines():
        if extreme in line:
            told(tmp_path, text.replace(line + "\n", "").encode())
    alone = [line for line in text.splitlines() if extreme in line]
    for kept in alone:
        told(tmp_path, "\n".join(line for line in text.splitlines() if line == kept or extreme not in line).encode())


def test_what_is_no_file_gets_a_sentence(tmp_path):
    assert "there is no such" in check(tmp_path / "none.yaml")[0].message
    assert "end in .yaml" in check(QUESTIONNAIRES.parent / "pyproject.toml")[0].message
    (tmp_path / "folder.yaml").mkdir()
    assert "no study.yaml" in check(tmp_path)[0].message or "has none" in check(tmp_path)[0].message


MUTATIONS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MUTATIONS
@given(data=st.data())
def test_real_files_with_bytes_changed_never_raise(tmp_path, data):
    real = data.draw(st.sampled_from(REAL))
    text = bytearray(real.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text) - 1))
        cut = data.draw(st.integers(0, 12))
        text[at : at + cut] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b":", b"\n", b"  ", b'"', b"{", b"- "])
        )
    told(tmp_path, bytes(text), real.name)


@MUTATIONS
@given(data=st.data())
def test_real_files_with_lines_moved_never_raise(tmp_path, data):
    real = data.draw(st.sampled_from(REAL))
    lines = real.read_text(encoding="utf-8").splitlines()
    for _ in range(data.draw(st.integers(1, 5))):
        source, target = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        line = lines.pop(source) if data.draw(st.booleans()) else lines[source]
        lines.insert(target, line)
        if data.draw(st.booleans()):
            del lines[data.draw(st.integers(0, len(lines) - 1))]
    told(tmp_path, "\n".join(lines).encode(), real.name)


OURS = """
questionnaire version title audience pupil reader age languages en options code label pages page questions question
kind faces rating several number yes_no ask when all any not roster.year contains at_least scales scale items item
score mean sum needs transform linear table bands self from to grid statements plan outcomes waves wave facts fact
fieldwork years missing pretend effects assent consent lines yes no 1 2 -1 0.5 {a|b} {
"""
WORDS = st.sampled_from(OURS.split())
TREES = st.recursive(
    WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)


@MUTATIONS
@given(tree=st.dictionaries(WORDS, TREES, max_size=8), name=st.sampled_from(["any.yaml", "study.yaml"]))
def test_any_tree_of_our_own_words_never_raises(tmp_path, tree, name):
    import json

    told(tmp_path, json.dumps(tree).encode(), name)


@MUTATIONS
@given(text=st.text(max_size=200))
def test_any_text_never_raises(tmp_path, text):
    told(tmp_path, text.encode("utf-8", "surrogatepass"))
