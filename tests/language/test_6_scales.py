"""Scales

A scale is several questions that measure one thing, and the rule for making a score of their answers. The whole rule is
in the questionnaire: nothing is reversed or left out automatically.
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
    """`items` lists the questions by name; if a high answer means little, write `{item: name, reverse: yes}`. `score`
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
    """`needs` says how many items must be answered, as a number or as a share; if left out, all. `prorate: yes` scales
    a sum with gaps up to all items. `round` says how many decimals the score keeps; halves are rounded up."""
    example = """
scales:
  - {scale: most, title: Most, items: [a, b, c], score: sum, needs: 2 of 3, prorate: yes, round: 1, direction: Up}
  - {scale: half, title: Half, items: [a, b, c], score: mean, needs: 50%, direction: Up}
"""
    questionnaire = good(ITEMS + example)
    assert [s.needed for s in questionnaire.scales] == [2, 2]
    assert questionnaire.scale("most").round == 1


def test_transformations():
    """A score can be put on another range by a straight line (raw from, raw to, new from, new to), or by a table with
    every raw score."""
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
    """Bands name ranges of scores, both ends included, by who answered. They follow each other without gaps or
    overlaps and cover every score."""
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


def test_recodes():
    """`recode` says what each answer counts: for every question of the scale, or for one item. It must list every answer.
    A recoded item cannot be reversed as well: write the numbers of its recode the other way round instead."""
    example = """
scales:
  - scale: strong
    title: Strong opinions
    items: [a, b, {item: c, recode: {1: 2, 2: 1, 3: 0, 4: 0, 5: 0}}]
    score: sum
    recode: {1: 0, 2: 0, 3: 0, 4: 1, 5: 2}
    direction: Higher means that music is valued more strongly
    source: Own wording
"""
    found = scale(example)
    assert found.recoding(found.items[0]) == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 2}
    assert found.recoding(found.items[2]) == {"1": 2, "2": 1, "3": 0, "4": 0, "5": 0}
    assert told(ITEMS + example) == []


def test_weights():
    """`weight` says how much an item counts compared with the others: 1 unless you say otherwise. A mean becomes a
    weighted mean."""
    example = """
scales:
  - scale: value
    title: Value of music
    items: [a, {item: b, weight: 2}, {item: c, reverse: yes, weight: 0.5}]
    score: mean
    direction: Higher means that music is valued more
    source: Own wording
"""
    assert [entry.weight for entry in scale(example).items] == [1, 2, 0.5]


def test_counts():
    """`score: count` counts how many items were answered with one of the answers in `counts`: codes, or yes. `needs` says
    how many items must be answered at all; without it, all of them. A question with several choices has no number and
    cannot be counted: ask a yes/no question for each choice instead."""
    example = """
pages:
  - page: one
    questions:
      - {question: choir, kind: yes_no, ask: Do you sing in a choir?}
      - {question: band, kind: yes_no, ask: Do you play in a band?}
      - {question: lessons, kind: yes_no, ask: Do you have lessons?}
scales:
  - scale: activities
    title: Musical activities
    items: [choir, band, lessons]
    score: count
    counts: [yes]
    needs: 2 of 3
    direction: Higher means more activities
    source: Own wording
"""
    found = good(example).scale("activities")
    assert (found.counts, found.needed) == (["yes"], 2)


def test_items_that_were_not_shown():
    """If routing skips an item, it is missing, just like one that was left blank. If the instrument gives such items a
    value, often 0, say so with `not_shown`; the item then counts as answered."""
    example = """
pages:
  - page: one
    questions:
      - {question: plays, kind: yes_no, ask: Do you play an instrument?}
      - {question: alone, kind: number, ask: How many hours a week do you play alone?, min: 0, max: 40, when: {plays: yes}}
      - {question: together, kind: number, ask: How many hours with others?, min: 0, max: 40, when: {plays: yes}}
scales:
  - scale: hours
    title: Hours of playing
    items: [alone, together]
    score: sum
    not_shown: 0
    direction: Higher means more playing
    source: Own wording
"""
    assert good(example).scale("hours").not_shown == 0


def test_scales_of_scales():
    """An item can be another scale, defined before or after this one. What counts is the score that scale reports, after
    prorating, rounding and conversion. It counts as answered if it has a score, so `needs: 1 of 2` asks for one of the
    two scores."""
    example = """
scales:
  - scale: whole
    title: Music at school
    items: [helps, {item: burden, reverse: yes}]
    score: sum
    direction: Higher means that music is valued more
    source: Own wording
  - {scale: helps, title: Music helps, items: [a, b], score: sum, needs: 1 of 2, prorate: yes, round: 0,
     direction: Higher means that music helps more, source: Own wording}
  - {scale: burden, title: Music is a burden, items: [c], score: sum, direction: Higher is worse, source: Own wording}
"""
    assert scale(example).reversed_items == {"burden"}


def test_norms():
    """`norms` compare a score with those of similar people. Groups are defined by facts from the roster: a code, yes or
    no, a number, or a range such as 5 to 10, both ends included. Each group has a mean and a standard deviation, and
    `mean` and `sd` above the groups say what scores are converted to: 50 and 10 for T scores, 0 and 1 for z scores. Or
    each group has a table of scores, such as percentiles. If a fact is not known, or someone is in no group, the score
    is missing; Notes say how many there are. To keep the original score too, put the norms on a second scale whose only
    item is the first."""
    example = """
scales:
  - {scale: value, title: Value of music, items: [a, b, c], score: sum, direction: Higher is more, source: Own wording}
  - scale: value_t
    title: Value of music, T score
    items: [value]
    score: sum
    round: 0
    norms:
      mean: 50
      sd: 10
      groups:
        - {for: {sex: f, year: 3 to 4}, mean: 10.9, sd: 2.1}
        - {for: {sex: f, year: 5 to 6}, mean: 9.8, sd: 2.4}
        - {for: {sex: m}, mean: 9.1, sd: 2.6}
    direction: Higher means that music is valued more than by others of the same sex and age
    source: Own wording
"""
    norms = good(ITEMS + example).scale("value_t").norms
    assert norms.facts == ["sex", "year"]
    assert (norms.groups[1].whom, norms.groups[1].mean) == ({"sex": "f", "year": "5 to 6"}, 9.8)


def test_bands_by_norms():
    """If cut points differ by age or sex, give each norm group its own bands. The score itself does not change."""
    example = """
scales:
  - scale: value
    title: Value of music
    items: [a, b, c]
    score: sum
    norms:
      groups:
        - {for: {year: 3 to 4}, bands: [{from: 3, to: 9, label: Low}, {from: 10, to: 15, label: High}]}
        - {for: {year: 5 to 6}, bands: [{from: 3, to: 8, label: Low}, {from: 9, to: 15, label: High}]}
    direction: Higher means that music is valued more
    source: Own wording
"""
    groups = scale(example).norms.groups
    assert [group.bands[1].low for group in groups] == [10, 9]


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
