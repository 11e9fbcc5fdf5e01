"""The blueprint of respondents' pages, with which the modules beside it register their routes."""

from __future__ import annotations

from flask import Blueprint

from survey.pages.shield import refuse_foreign_posts

answer = Blueprint("answer", "survey.pages.answer")
answer.before_request(refuse_foreign_posts)
