"""Numbers in a definition are read in one way, by whichever key of the language takes them."""

import datetime
import decimal
import types
import typing

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from survey.authored import ExactNumber, RealNumber, WholeNumber
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import ROLES, StudyDefinition
from survey.kinds import KINDS
from survey.people import ROLES as ROLES_OF_ACCOUNTS


def models(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """Every model that a file of this model is made of."""
    if model not in seen:
        seen.add(model)
        for field in model.model_fields.values():
            for part in parts(field.rebuild_annotation()):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    models(part, seen)
    return seen


def parts(annotation: object, read: bool = False) -> typing.Iterator[object]:
    """Every type within an annotation; numbers and days only where nothing of ours reads them."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        inner, *marks = typing.get_args(annotation)
        yield from parts(inner, read or any("BeforeValidator" in type(mark).__name__ for mark in marks))
    elif origin in (typing.Union, types.UnionType) or typing.get_args(annotation):
        for part in typing.get_args(annotation):
            yield from parts(part, read)
    elif not (read and annotation in (int, float, decimal.Decimal, datetime.date)):
        yield annotation


EVERY_MODEL = sorted(
    {m for top in (Questionnaire, StudyDefinition, *KINDS.values()) for m in models(top, set())},
    key=lambda m: m.__name__,
)


@pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda model: model.__name__)
def test_no_key_of_the_language_reads_numbers_or_days_as_a_library_does(model):
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        bare = {int, float, decimal.Decimal, datetime.date} & set(parts(field.rebuild_annotation()))
        assert not bare, f"{model.__name__}.{name} takes {bare}: please use a type of survey/authored.py"


@pytest.mark.parametrize("kind", [WholeNumber, RealNumber, ExactNumber])
@pytest.mark.parametrize("text", ["1_0", "1e3", "\u0663", "9" * 16, "0x10", "1,000", "2 0", "1" + "0" * 400])
def test_what_is_not_plain_digits_is_not_a_number(kind, text):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


def test_plain_digits_are():
    assert TypeAdapter(WholeNumber).validate_python("-12") == -12
    assert TypeAdapter(RealNumber).validate_python("0.25") == 0.25
    assert TypeAdapter(ExactNumber).validate_python("999999999999.5") == decimal.Decimal("999999999999.5")


def test_a_study_names_the_roles_that_accounts_can_have():
    assert set(ROLES) == set(ROLES_OF_ACCOUNTS)
