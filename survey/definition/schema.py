"""JSON Schema of the three kinds of file, for completion and checking in editors.

The schema is written from the same models that read the files, so it knows every kind of question that exists. It says
less than ``survey check``: what several keys mean together is beyond it.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, TypeAdapter

from survey.definition.free_text import FreeText
from survey.definition.languages import text_fields
from survey.definition.parts import GRID_KINDS, Assent, Grid, Page, Statement
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.header import FILE_NAME
from survey.definition.study import StudyDefinition
from survey.kinds import KINDS
from survey.wording import LANGUAGE

KindOfFile = Literal["questionnaire", "study", "translation"]
FILES: Final[tuple[KindOfFile, ...]] = ("questionnaire", "study", "translation")
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

YES_NO: Final[Schema] = {"enum": ["yes", "no", True, False], "description": "yes or no"}
"""Editors read ``yes`` as a word or as true, by their version of YAML."""


def json_schema(kind_of_file: KindOfFile) -> Schema:
    """Return the JSON Schema (draft 2020-12) of a questionnaire, a study or a translation file."""
    if kind_of_file == "translation":
        return _translation()
    model = Questionnaire if kind_of_file == "questionnaire" else StudyDefinition
    schema = TypeAdapter(model).json_schema(by_alias=True, mode="validation")
    _adapt(schema)
    if kind_of_file == "questionnaire":
        _questions(schema)
    title = f"A {kind_of_file} of Chorus"
    return {"$schema": DIALECT, **schema, "title": title, "description": _first_line(model)}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n")[0]


_BOUNDS: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""Pydantic's words for the bounds of a number that a validator of ours reads first -> JSON Schema's."""


def _adapt(node: Any) -> None:
    """Change pydantic's schema, in place, into one for what people write in YAML."""
    if isinstance(node, list):
        for part in node:
            _adapt(part)
    if not isinstance(node, dict):
        return
    # As a keyword a title is a text; among properties it is the schema of a key called title.
    if isinstance(node.get("title"), str):
        del node["title"]
    if "type" in node or "anyOf" in node or "$ref" in node:
        node.pop("default", None)
    _without_null(node)
    for bound, keyword in _BOUNDS.items():
        if isinstance(node.get(bound), int | float):
            node[keyword] = node.pop(bound)
    if node.get("type") == "boolean":
        description = node.get("description")
        node.clear()
        node.update(YES_NO | ({"description": description} if description else {}))
    elif node.get("type") == "string" and not {"pattern", "enum", "const", "format"} & node.keys():
        # A title such as 1984 is a number for an editor and a text for us.
        node["type"] = ["string", "number", "boolean"]
    for part in list(node.values()):
        _adapt(part)


def _without_null(node: Schema) -> None:
    """Leave the line out is how authors say none; an empty value is a mistake."""
    options = node.get("anyOf")
    if not isinstance(options, list):
        return
    given = [option for option in options if option != {"type": "null"}]
    if len(given) == 1:
        del node["anyOf"]
        node.update({**given[0], **node})
    else:
        node["anyOf"] = given


def _questions(schema: Schema) -> None:
    """Describe a question by its kind, so that editors offer the keys of that kind only."""
    definitions = schema["$defs"]
    for kind in KINDS.values():
        own = definitions[kind.__name__]
        own["description"] = _first_line(kind)
        for name, field in kind.model_fields.items():
            if field.exclude:
                own["properties"].pop(name, None)
        own["required"] = sorted({*own.get("required", []), "kind"})
        own["properties"]["kind"] = {"const": kind.model_fields["kind"].default, "description": _first_line(kind)}
        own["examples"] = [kind.example]
    definitions[Grid.__name__]["properties"]["kind"] = {
        "enum": list(GRID_KINDS),
        "description": "What each statement is",
    }
    entries = definitions[Page.__name__]["properties"]["questions"]
    entries["items"] = {
        "if": {"required": ["grid"]},
        "then": {"$ref": f"#/$defs/{Grid.__name__}"},
        "else": {
            "required": ["kind"],
            "properties": {"kind": {"enum": list(KINDS)}},
            "allOf": [
                {
                    "if": {"properties": {"kind": {"const": name}}},
                    "then": {"$ref": f"#/$defs/{kind.__name__}"},
                }
                for name, kind in KINDS.items()
            ],
        },
    }
    for owner in [*(kind.__name__ for kind in KINDS.values()), *(m.__name__ for m in (Page, Grid, Statement))]:
        definitions[owner]["properties"]["when"] = {
            "$ref": "#/$defs/Condition",
            "description": "Asked only if this is true",
        }
    definitions["Condition"] = _condition()


def _condition() -> Schema:
    word = {"type": ["string", "number", "boolean"]}
    several = {"type": "array", "items": word, "minItems": 1}
    inner = {"$ref": "#/$defs/Condition"}
    comparison = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "contains": {"anyOf": [word, several], "description": "One of several answers"},
            "at_least": {**word, "description": "This number or a larger one"},
            "at_most": {**word, "description": "This number or a smaller one"},
            "answered": {**YES_NO, "description": "Whether there is an answer"},
        },
    }
    return {
        "type": "object",
        "minProperties": 1,
        "description": "Earlier questions or roster facts, and their answers; all of them have to match",
        "properties": {
            "all": {"type": "array", "items": inner, "minItems": 1, "description": "All of these are true"},
            "any": {"type": "array", "items": inner, "minItems": 1, "description": "At least one of these is true"},
            "not": {**inner, "description": "This is not true"},
        },
        "additionalProperties": {"anyOf": [word, several, comparison]},
    }


def _text(description: str = "") -> Schema:
    return {"type": ["string", "number", "boolean"]} | ({"description": description} if description else {})


def _texts_of(model: type[BaseModel]) -> Schema:
    return {written: _text(model.model_fields[name].description or "") for name, written in text_fields(model).items()}


def _object(properties: Schema, *, required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    } | ({"required": required} if required else {})


def _named(inner: Schema) -> Schema:
    return {"type": "object", "additionalProperties": inner}


def _translation() -> Schema:
    codes = _named(_text()) | {"description": "Labels by their codes"}
    questions: Schema = {"options": codes}
    models: list[type[BaseModel]] = [*KINDS.values(), Statement]
    for model in models:
        questions |= _texts_of(model)
    asked = _object(_texts_of(Assent) | {"lines": _named(_text()) | {"description": "The lines, by 1, 2, 3"}})
    return {
        "$schema": DIALECT,
        "title": "A translation of Chorus",
        "description": "Every text of a questionnaire in one other language, under the names of its source.",
        **_object(
            {
                "questionnaire": {"type": "string", "pattern": f"^{FILE_NAME.pattern}$"},
                "language": {"type": "string", "pattern": f"^{LANGUAGE.pattern}$"},
                "reviewed": {**YES_NO, "description": "Whether a person has read it"},
                **_texts_of(Questionnaire),
                "assent": asked,
                "consent": asked,
                "free_text": _object(_texts_of(FreeText)),
                "facts": _named(codes) | {"description": "Words for the facts of the roster, by their codes"},
                "options": _named(codes) | {"description": "Option lists with names"},
                "pages": _named(_object(_texts_of(Page))),
                "questions": _named(_object(questions)),
                "grids": _named(_object(_texts_of(Grid) | {"options": codes})),
            },
            required=["questionnaire", "language"],
        ),
    }
