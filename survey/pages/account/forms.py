"""The forms of the account pages, each with its token against posts from another system."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import FileField, PasswordField, StringField
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, ValidationError

from survey.admission import tidy
from survey.people.passwords import fault_of, normal

_EMAIL = "Enter your e-mail address."
_PASSWORD = "Enter your password."


class Form(FlaskForm):  # type: ignore[misc]
    """A form with a token. `stale` says that the token was missing, old or not ours."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """What WTForms asks of a form."""

        csrf_time_limit = None  # the token lives as long as the session: no page is ever open too long

        def wrap_formdata(self, form: BaseForm, formdata: Any) -> Any:
            """Give each field what it is for: a file where one is asked for, text everywhere else.

            Flask-WTF would hand a file to a field for a password, and read a body of JSON; both end in errors where
            text is expected.
            """
            if formdata is None or hasattr(formdata, "getlist"):
                return formdata
            if request.method != "POST":
                return None
            files = {field.name for field in form if isinstance(field, FileField)}
            sent: list[tuple[str, Any]] = [one for one in request.form.items(multi=True) if one[0] not in files]
            sent += [one for one in request.files.items(multi=True) if one[0] in files]
            return MultiDict(sent) if sent else None

    @property
    def stale(self) -> bool:
        """True when the post did not come from a page this person was given."""
        return bool(self.csrf_token.errors)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What to look at again: (id of the field, sentence)."""
        return [(field.id, str(field.errors[0])) for field in self if field.errors and field.name != "csrf_token"]


class SignInForm(Form):
    """E-mail and password."""

    email = StringField("E-mail address", [InputRequired(_EMAIL)], filters=[lambda typed: tidy(typed or "")])
    password = PasswordField("Password", [InputRequired(_PASSWORD)])


class SignOutForm(Form):
    """Nothing but the token."""


class PasswordForm(Form):
    """Choosing a password. `current` is asked of people who have chosen one before."""

    current = PasswordField("Current password", [InputRequired(_PASSWORD)])
    new = PasswordField("New password", [InputRequired("Enter a new password.")])
    again = PasswordField("New password again", [InputRequired("Enter the new password again.")])

    def __init__(self, email: str, first: bool, *rest: Any, **more: Any) -> None:
        super().__init__(*rest, **more)
        self._email = email
        if first:
            del self.current

    def validate_new(self, field: PasswordField) -> None:
        """Say what stands against the new password."""
        fault = fault_of(normal(field.data or ""), self._email)
        if fault:
            raise ValidationError(fault)

    def validate_again(self, field: PasswordField) -> None:
        """Say when the two are not the same."""
        if field.data != self.new.data:
            raise ValidationError("The two passwords are not the same. Please enter the new one twice.")


class CodeForm(Form):
    """A code from an app, or a recovery code."""

    code = StringField("Code", [InputRequired("Enter the code.")])


class ForgottenForm(Form):
    """The address of someone who forgot their password."""

    email = StringField("E-mail address", [InputRequired(_EMAIL)], filters=[lambda typed: tidy(typed or "")])
