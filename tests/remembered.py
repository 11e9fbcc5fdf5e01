"""What every app, every engine and every export would work out anew, worked out once for all the tests of a process.

An app compiles its addresses and its templates, an engine its statements. A server does so once; a test makes its own
app and its own engine, and half of its time went there. A study is analysed for each file, page and command that tells
of it: several tests look at the same answers in turn. What is remembered is a function of what it is remembered by, so
that no test learns anything from another.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from types import CodeType
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from survey import database
from survey.bounded import Bounds, reading
from survey.export import study as exported
from survey.findings.people import StudyData
from survey.findings.study import StudyFindings
from survey.jobs.job import Tell
from survey.tables import apart


def remember() -> None:
    """Let all apps, engines and exports made from now on share what they work out."""
    _addresses()
    _templates()
    _statements()
    _tables()
    _analyses()


def _addresses() -> None:
    """Share what an address is matched with and built by: both hang on the rule's text and its converters alone."""
    compiled: dict[object, dict[str, Any]] = {}
    compile_anew = Rule.compile

    def compile_once(rule: Rule) -> None:
        domain = rule.host if rule.map.host_matching else rule.subdomain
        key = (rule.rule, domain, rule.merge_slashes, repr(rule.defaults), tuple(rule.map.converters.items()))
        if key not in compiled:
            compile_anew(rule)
            compiled[key] = {name: getattr(rule, name) for name in ("_parts", "_trace", "_converters", "arguments")}
            compiled[key] |= {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")}
        for name, value in compiled[key].items():
            setattr(rule, name, value.__get__(rule, None) if callable(value) else value)

    Rule.compile = compile_once  # type: ignore[method-assign]


class _Compiled(BytecodeCache):
    """Templates as compiled, by their file and the checksum of their text."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class _Remembering(Environment):
    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **{"bytecode_cache": _COMPILED, **options})


def _templates() -> None:
    Flask.jinja_environment = _Remembering


def _statements() -> None:
    """Share compiled statements: to SQLAlchemy two dialects are never the same, even of one driver and one server."""
    compiled = {}
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        compiled[dialect.name] = LRUCache(5000)  # type: ignore[var-annotated]
        dialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]
        dialect.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign]
    open_anew = database.open_engine

    def open_engine(url: str, threads: int = 16) -> Engine:
        engine = open_anew(url, threads)
        engine.update_execution_options(compiled_cache=compiled[engine.dialect.name])
        return engine

    database.open_engine = open_engine


_NO_LARGER = 64 * 1024
"""Bytes of the largest table that is remembered."""


def _tables() -> None:
    """Share what a table was read as: most tests send the same few, and each reading starts a process."""
    said: dict[object, list[bytes]] = {}

    @contextmanager
    def read_once(
        module: str, data: bytes, bounds: Bounds, arguments: Sequence[str] = (), *, lean: bool = False
    ) -> Iterator[Iterator[bytes]]:
        key = (module, data, bounds, *arguments)
        if key in said:
            yield iter(said[key])
            return
        with reading(module, data, bounds, arguments, lean=lean) as lines:
            yield noted(key, lines, len(data))

    def noted(key: object, lines: Iterator[bytes], size: int) -> Iterator[bytes]:
        met = []
        for line in lines:
            met.append(line)
            yield line
        if size <= _NO_LARGER:
            said[key] = met

    apart.reading = read_once  # type: ignore[attr-defined]


def _analyses() -> None:
    """Share what an export finds in the same answers, and how far it said that it had come.

    The tests of the analysis itself call it where it is, in survey/findings/, and nothing is remembered for them.
    """
    found: dict[bytes, tuple[bytes, list[tuple[str, int, int]]]] = {}
    analyse_anew = exported.analyse

    def analyse_once(data: StudyData, questionnaires: Any, waves: Any, group: Any, tell: Tell) -> StudyFindings:
        answers = {
            of: (one.rows, one.further, one.respondents, dict(one.numbers), dict(one.chosen))
            for of, one in data.answers.items()
        }
        everything = (data.study, data.lists, data.schools, answers, questionnaires, waves, group)
        key = sha256(pickle.dumps(everything)).digest()
        if key not in found:
            told: list[tuple[str, int, int]] = []

            def tell_and_keep(*how_far: Any) -> None:
                told.append(how_far)
                tell(*how_far)

            made = analyse_anew(data, questionnaires, waves, group, tell_and_keep)
            found[key] = pickle.dumps(made), told
            return made
        kept, told = found[key]
        for how_far in told:
            tell(*how_far)
        again: StudyFindings = pickle.loads(kept)
        return again

    exported.analyse = analyse_once  # type: ignore[attr-defined]
