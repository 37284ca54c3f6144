"""E-mail addresses as the portal keeps them: plain ASCII in lower case, so that two that look alike cannot both exist.

A local part outside ASCII is refused: "а" in Cyrillic, "ａ" in full width or "ſ" look like other letters, and hardly a
mail server of a company takes them. A domain outside ASCII is kept as it travels, in its "xn--" form, where it shows.
"""

from django.core.exceptions import ValidationError
from django.db import models
from django.forms import EmailField
from django.utils.translation import gettext_lazy as _

ASCII_ADDRESS = r"^[!-~]+$"


def normalise_address(address: str) -> str:
    """Return an address as the portal keeps it. Raises ValidationError when it may pass for another one."""
    local, at, domain = address.strip().rpartition("@")
    # Before any change of case: the Kelvin sign in lower case is an honest "k".
    if not local.isascii():
        raise ValidationError(
            _("Before the @, only plain letters without accents, figures and signs: others pass for them."),
            code="look-alike",
        )
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ValidationError(_("What follows the @ is not a valid domain."), code="domain") from error
    return f"{local}{at}{domain}".lower()


def validate_address(address: str) -> None:
    """Refuse an address that may pass for another one."""
    normalise_address(address)


class AddressFormField(EmailField):
    """An address typed in a form; given back as the portal keeps it."""

    def to_python(self, value: object) -> str:
        """Put it in the form kept, before the other checks: they say less clearly what is wrong."""
        address = super().to_python(value)
        return normalise_address(address) if address else ""


class AddressField(models.EmailField):
    """An address in the database: its forms and its validation know look-alikes."""

    default_validators = [validate_address, *models.EmailField.default_validators]

    def formfield(self, **kwargs: object) -> object:  # type: ignore[override]
        """Offer our form field."""
        return super().formfield(**{"form_class": AddressFormField, **kwargs})  # type: ignore[arg-type, misc]
