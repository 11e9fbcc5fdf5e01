"""A scale whose rule changes from one version to the next: what is said before it is published."""

from survey.definition.meaning import compare
from tests.language.examples import good
from tests.language.test_6_scales import ITEMS

NESTED = """
scales:
  - {scale: strong, title: Strong opinions, items: [a, b, c], score: sum, recode: {1: 0, 2: 0, 3: 0, 4: 1, 5: 2},
     bands: {self: [{from: 0, to: 2, label: Few}, {from: 3, to: 6, label: Many}]}, direction: Higher is more}
  - {scale: twofold, title: Twice as strong, items: [{item: strong, weight: 2}], score: sum, direction: Higher is more}
"""


def test_a_scale_with_another_rule_is_told_when_it_is_published():
    before = good(ITEMS + NESTED)
    assert compare([before], good(ITEMS + NESTED)).told == []
    recoded = NESTED.replace("{1: 0, 2: 0, 3: 0, 4: 1, 5: 2}", "{1: 0, 2: 0, 3: 1, 4: 1, 5: 2}")
    after = good("version: 2" + ITEMS + recoded)
    assert compare([before], after).faults == {}
    assert compare([before], after).told == [
        f"Scale '{id}' is scored by another rule than in version 1. Each response keeps the rule of its version, so scores "
        f"may not be comparable. If they are not, please give the scale a new name, such as {id}_v2."
        for id in ("strong", "twofold")
    ]


def test_other_words_and_other_bands_change_no_score():
    worded = NESTED.replace("Strong opinions", "Opinions").replace("to: 2", "to: 3").replace("from: 3", "from: 4")
    assert compare([good(ITEMS + NESTED)], good(ITEMS + worded)).told == []
