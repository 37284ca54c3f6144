"""People and their accounts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.addresses import ASCII_ADDRESS, AddressField, normalise_address
from members.enums import Language


class UserManager(BaseUserManager["User"]):
    """Makes accounts; nobody makes their own (product.md: by the secretariat's invitation only)."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person; without a password the account cannot log in until one is set."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=normalise_address(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an administrator."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find an account by its address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. What they may do follows from dated mandates, never from the account itself."""

    email = AddressField(
        _("e-mail address"),
        max_length=254,
        unique=True,
        error_messages={"unique": _("This address has an account.")},
    )
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    job_title = models.CharField(_("position"), max_length=120, blank=True)
    language = models.CharField(
        _("language of e-mails"), max_length=2, choices=Language.choices, default=Language.FRENCH
    )
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    # What the directory shows to the other members, beside name, organisation and role: nothing unless chosen.
    shows_email = models.BooleanField(_("show my e-mail address"), default=False)
    shows_phone = models.BooleanField(_("show my telephone number"), default=False)
    shows_job_title = models.BooleanField(_("show my position"), default=False)
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May enter the administration site.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("date joined"), default=timezone.now, editable=False)
    inactivity_warned_at = models.DateTimeField(
        _("warned of the closing at"), null=True, blank=True, editable=False
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["last_name", "first_name"]
        constraints = [
            # With the unique index: one account an address, whatever its case.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=Q(email__regex=ASCII_ADDRESS),
                name="user_email_ascii",
                violation_error_message=_("An address is kept in plain ASCII."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def clean(self) -> None:
        """Keep one spelling of each address, so that equality is equality."""
        super().clean()
        try:
            self.email = normalise_address(self.email)
        except ValidationError as error:
            raise ValidationError({"email": error}) from error
