"""Answers → scale scores: arrays in, arrays out.

A :class:`Rule` is everything a questionnaire says about one scale; :func:`score` applies it to a matrix of numbers, one
row per respondent and one column per question, NaN where there is no answer. “I don't know”, a refusal and an item that
was not shown are all NaN: never zero, unless the rule says what an item counts that was not shown. The rules, in the
order in which they are applied:

1. An item that is a scale itself has the score of that scale, rounded and converted as that scale says.
2. A reversed item becomes (lowest + highest) - x, over its own range. Only the items the author named are reversed. A
   recoded item becomes what its table says. In a count an item becomes 1 where its answer counts, else 0. An item that
   was not shown becomes what the rule says for it, and counts as answered.
3. With fewer than `needs` items answered the score is missing.
4. The raw score is the mean of the answered items, each as heavy as its weight. A prorated sum is that mean times the
   sum of all weights: times the number of items where none has a weight. A sum that is not prorated is missing as soon
   as one item is, whatever `needs` says: the sum of fewer items means something else. A count is that of the answered
   items.
5. The transformation: a straight line, or a table; or the norms of the respondent's group, by mean and standard
   deviation or by a table. A raw score that the table does not hold is missing, and so is the score of a respondent
   for whom there are no norms.
6. Rounding, half up (see :func:`half_up`). It is the last step, with one exception: a table gives its values as they
   are to be reported, so there it is the raw score that is rounded, before it is looked up.
"""

from survey.scales.answers import matrix, numbers
from survey.scales.building import rules_for
from survey.scales.conversion import half_up
from survey.scales.norms import band, banded, groups_of, has_bands
from survey.scales.rule import (
    NOTHING_BESIDE,
    Beside,
    ConversionTable,
    Linear,
    NormsOfGroup,
    Recode,
    Rule,
    ScoreBand,
    Scores,
)
from survey.scales.scoring import score, score_each, turned

__all__ = [
    "NOTHING_BESIDE",
    "Beside",
    "ConversionTable",
    "Linear",
    "NormsOfGroup",
    "Recode",
    "Rule",
    "ScoreBand",
    "Scores",
    "band",
    "banded",
    "groups_of",
    "half_up",
    "has_bands",
    "matrix",
    "numbers",
    "rules_for",
    "score",
    "score_each",
    "turned",
]
