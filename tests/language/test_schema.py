"""The JSON Schema for editors: sound in itself, complete, and true for every real file."""

import json
import pathlib
import re

import pytest

from survey.definition.languages import text_fields
from survey.definition.questionnaire import Questionnaire
from survey.definition.schema import DIALECT, FILES, json_schema
from survey.definition.source import Node, Scalar, plain, read_source
from survey.kinds import KINDS

QUESTIONNAIRES = pathlib.Path(__file__).parents[2] / "questionnaires"

ANNOTATIONS = {"$schema", "$defs", "title", "description", "examples", "format", "propertyNames"}
CHECKED = {
    "$ref": lambda rule, value, root: fits(found(rule, root), value, root),
    "type": lambda rule, value, root: any(OF_TYPE[name](value) for name in ([rule] if isinstance(rule, str) else rule)),
    "enum": lambda rule, value, root: value in rule or (value in ("yes", "no") and True in rule),
    "const": lambda rule, value, root: value == rule,
    "anyOf": lambda rule, value, root: any(fits(part, value, root) for part in rule),
    "oneOf": lambda rule, value, root: sum(fits(part, value, root) for part in rule) == 1,
    "allOf": lambda rule, value, root: all(fits(part, value, root) for part in rule),
    "items": lambda rule, value, root: not isinstance(value, list) or all(fits(rule, part, root) for part in value),
    "minItems": lambda rule, value, root: not isinstance(value, list) or len(value) >= rule,
    "maxItems": lambda rule, value, root: not isinstance(value, list) or len(value) <= rule,
    "minProperties": lambda rule, value, root: not isinstance(value, dict) or len(value) >= rule,
    "minLength": lambda rule, value, root: not isinstance(value, str) or len(value) >= rule,
    "pattern": lambda rule, value, root: not isinstance(value, str) or re.search(rule, value) is not None,
    "minimum": lambda rule, value, root: not OF_TYPE["number"](value) or value >= rule,
    "maximum": lambda rule, value, root: not OF_TYPE["number"](value) or value <= rule,
    "exclusiveMinimum": lambda rule, value, root: not OF_TYPE["number"](value) or value > rule,
    "exclusiveMaximum": lambda rule, value, root: not OF_TYPE["number"](value) or value < rule,
    "required": lambda rule, value, root: not isinstance(value, dict) or set(rule) <= set(value),
}
WITH_OTHERS = {"properties", "additionalProperties", "if", "then", "else", "discriminator"}
OF_TYPE = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
}


def found(reference, root):
    node = root
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def fits(schema, value, root):
    """Tell whether a value fits a schema: the keywords that our schemas use, as JSON Schema 2020-12 defines them."""
    if isinstance(schema, bool):
        return schema
    if not all(CHECKED[word](rule, value, root) for word, rule in schema.items() if word in CHECKED):
        return False
    if "if" in schema:
        branch = "then" if fits(schema["if"], value, root) else "else"
        if not fits(schema.get(branch, True), value, root):
            return False
    if not isinstance(value, dict):
        return True
    properties = schema.get("properties", {})
    rest = schema.get("additionalProperties", True)
    return all(fits(properties.get(key, rest), part, root) for key, part in value.items())


def schemas_in(node):
    """Yield every schema within a schema."""
    if not isinstance(node, dict):
        return
    yield node
    for word, rule in node.items():
        if word in ("properties", "$defs"):
            for part in rule.values():
                yield from schemas_in(part)
        elif word in ("anyOf", "oneOf", "allOf"):
            for part in rule:
                yield from schemas_in(part)
        elif word in ("items", "additionalProperties", "if", "then", "else", "not"):
            yield from schemas_in(rule)


def as_an_editor_reads(node: Node):
    """Return a file as an editor does: words without quotes that look like numbers are numbers."""
    if isinstance(node, Scalar):
        if node.plain and re.fullmatch(r"-?\d+", node.text):
            return int(node.text)
        if node.plain and re.fullmatch(r"-?\d+\.\d+", node.text):
            return float(node.text)
        return node.text
    if hasattr(node, "items"):
        return [as_an_editor_reads(item) for item in node.items]
    return {key: as_an_editor_reads(value) for key, value in node.values.items()}


def kind_of(path: pathlib.Path) -> str:
    if path.name == "study.yaml":
        return "study"
    return "translation" if "." in path.stem else "questionnaire"


@pytest.mark.parametrize("kind_of_file", FILES)
def test_the_schema_is_sound(kind_of_file):
    schema = json_schema(kind_of_file)
    assert schema["$schema"] == DIALECT
    assert json.loads(json.dumps(schema)) == schema
    for part in schemas_in(schema):
        assert part.keys() <= ANNOTATIONS | CHECKED.keys() | WITH_OTHERS, part.keys()
        if "$ref" in part:
            assert isinstance(found(part["$ref"], schema), dict)
        if "required" in part and "properties" in part:
            assert set(part["required"]) <= set(part["properties"])
        if "type" in part:
            assert set([part["type"]] if isinstance(part["type"], str) else part["type"]) <= OF_TYPE.keys()


@pytest.mark.parametrize("path", sorted(QUESTIONNAIRES.glob("*.yaml")), ids=lambda path: path.name)
def test_real_files_fit(path):
    root = read_source(path).root
    schema = json_schema(kind_of(path))
    assert fits(schema, as_an_editor_reads(root), schema)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_offered_with_its_keys_and_a_description_of_each(name):
    schema = json_schema("questionnaire")
    kind = schema["$defs"][KINDS[name].__name__]
    keys = {field.alias or key for key, field in KINDS[name].model_fields.items() if not field.exclude}
    assert set(kind["properties"]) == keys
    assert all(part.get("description") for part in kind["properties"].values())
    assert kind["properties"]["kind"]["const"] == name


BASE = {
    "questionnaire": "x",
    "version": 1,
    "title": "X",
    "audience": "staff",
    "reader": {"age": 18},
    "languages": ["en"],
}


def page_of(question):
    return {**BASE, "pages": [{"page": "one", "questions": [question]}]}


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ({"question": "a", "kind": "yes_no", "ask": "A?"}, True),
        ({"question": "a", "kind": "yes_no", "ask": "A?", "not_sure": "yes"}, True),
        ({"question": "a", "kind": "yes_no", "ask": "A?", "not_sure": "maybe"}, False),
        ({"question": "a", "kind": "yes_no", "ask": "A?", "unit": "hours"}, False),
        ({"question": "a", "kind": "number", "ask": "A?", "unit": "hours", "min": 0.5}, True),
        ({"question": "a", "kind": "nothing", "ask": "A?"}, False),
        ({"question": "a", "ask": "A?"}, False),
        ({"question": "a", "kind": "yes_no"}, False),
        ({"question": "a", "kind": "yes_no", "ask": "A?", "when": {"b": {"at_least": 2}}}, True),
        (
            {"question": "a", "kind": "yes_no", "ask": "A?", "when": {"all": [{"b": [1, 2]}, {"not": {"c": "yes"}}]}},
            True,
        ),
        ({"question": "a", "kind": "yes_no", "ask": "A?", "when": {"b": {"more": 2}}}, False),
        ({"question": "a", "kind": "yes_no", "ask": "A?", "when": "b"}, False),
        (
            {"grid": "g", "kind": "rating", "ask": "G", "options": "o", "statements": [{"question": "a", "ask": "A"}]},
            True,
        ),
        (
            {"grid": "g", "kind": "date", "ask": "G", "options": "o", "statements": [{"question": "a", "ask": "A"}]},
            False,
        ),
        ({"grid": "g", "kind": "rating", "ask": "G", "options": "o", "statements": []}, False),
    ],
)
def test_what_fits_and_what_does_not(question, right):
    schema = json_schema("questionnaire")
    assert fits(schema, page_of(question), schema) is right


def test_a_translation_has_every_text_key():
    schema = json_schema("translation")
    assert set(text_fields(Questionnaire).values()) <= set(schema["properties"])
    for kind in KINDS.values():
        assert set(text_fields(kind).values()) <= set(
            schema["properties"]["questions"]["additionalProperties"]["properties"]
        )
    assert not fits(schema, {"questionnaire": "x", "language": "cy", "titel": "X"}, schema)
    assert fits(schema, {"questionnaire": "x", "language": "cy", "options": {"a": {"1": "Un"}}}, schema)


def test_plain_and_editors_reading_have_the_same_shape():
    root = read_source(QUESTIONNAIRES / "study.yaml").root
    assert plain(root).keys() == as_an_editor_reads(root).keys()
