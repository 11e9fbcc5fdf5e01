"""Scales

A scale is several questions that measure one thing, and the rule that makes a score of their answers. The whole rule is
in the questionnaire: nothing is reversed or left out by itself.
"""

from tests.language.examples import good, told

ITEMS = """
options:
  agree5:
    - {code: 1, label: Strongly disagree}
    - {code: 2, label: Disagree}
    - {code: 3, label: Neither}
    - {code: 4, label: Agree}
    - {code: 5, label: Strongly agree}
pages:
  - page: one
    questions:
      - {question: a, kind: rating, ask: Singing helps my pupils., options: agree5}
      - {question: b, kind: rating, ask: Playing helps my pupils., options: agree5}
      - {question: c, kind: rating, ask: Music takes too much time., options: agree5}
"""


def scale(example: str):
    questionnaire = good(ITEMS + example)
    return questionnaire.scales[0]


def test_a_scale():
    """`items` are questions, each its name or, where a high answer means little, `{item: name, reverse: yes}`. `score`
    is the mean or the sum. `direction` says what a high score means and `source` where the scale comes from."""
    example = """
scales:
  - scale: value
    title: Value of music
    items: [a, b, {item: c, reverse: yes}]
    score: mean
    direction: Higher means that music is valued more
    source: Own wording
"""
    value = scale(example)
    assert [entry.item for entry in value.items] == ["a", "b", "c"]
    assert value.reversed_items == {"c"}
    assert value.needed == 3
    assert told(ITEMS + example) == []


def test_how_many_answers_a_score_needs():
    """`needs` says how many items must be answered, as a count or as a share; without it, all. `prorate: yes` scales a
    sum with gaps up to all items. `round` keeps so many decimals, halves going up."""
    example = """
scales:
  - {scale: most, title: Most, items: [a, b, c], score: sum, needs: 2 of 3, prorate: yes, round: 1, direction: Up}
  - {scale: half, title: Half, items: [a, b, c], score: mean, needs: 50%, direction: Up}
"""
    questionnaire = good(ITEMS + example)
    assert [s.needed for s in questionnaire.scales] == [2, 2]
    assert questionnaire.scale("most").round == 1


def test_transformations():
    """A score can be put on another range by a straight line (raw from, raw to, new from, new to), or by a table that
    holds every raw score."""
    example = """
scales:
  - {scale: percent, title: Value in percent, items: [a, b, c], score: mean, transform: {linear: [1, 5, 0, 100]},
     direction: Higher is more, source: Own}
  - {scale: pair, title: Singing and playing, items: [a, b], score: sum, direction: Higher is more, source: Own,
     transform: {table: {2: 0, 3: 1.5, 4: 2, 5: 3, 6: 4, 7: 5, 8: 6, 9: 7, 10: 9.5}}}
"""
    questionnaire = good(ITEMS + example)
    assert questionnaire.scale("percent").transform.linear == [1, 5, 0, 100]
    assert questionnaire.scale("pair").transform.table[3] == 1.5


def test_bands():
    """Bands name ranges of scores, both ends included, by who answered. They follow each other without gap or overlap
    and hold every score."""
    example = """
scales:
  - scale: value
    title: Value of music
    items: [a, b, c]
    score: sum
    bands:
      self:
        - {from: 3, to: 7, label: Low}
        - {from: 8, to: 15, label: High}
    direction: Higher means that music is valued more
    source: Own wording
"""
    low, high = scale(example).bands["self"]
    assert (low.low, low.high, high.low, high.high, high.label) == (3, 7, 8, 15, "High")


def test_attention_stays_out():
    """An item that only checks attention has `attention: yes`. It cannot be part of a score."""
    example = """
pages:
  - page: one
    questions:
      - question: here
        kind: choice
        ask: Please choose blue.
        attention: yes
        options: [{code: 1, label: Red}, {code: 2, label: Blue}]
"""
    assert good(example).question("here").attention
