"""Logins: e-mail and password, nothing else that a shop does not need."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models, transaction
from django.db.models.functions import Lower


class Accounts(BaseUserManager["Account"]):
    """Make accounts; e-mail addresses are kept in lower case so that one person has one login.

    Addresses of accounts made here count as confirmed: staff or a command vouches for them. Who
    signs up confirms their own, by the link in a mail.
    """

    @transaction.atomic
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Account:
        """Create a login with a confirmed address. Raises ValueError without an address."""
        if not email:
            raise ValueError("an account needs an e-mail address")
        account = self.model(email=email, **fields)
        account.set_password(password)
        account.save(using=self._db)
        account.confirm_email()
        return account

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Account:
        """Create a login with every right."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> Account:
        """Find a login whatever the case its owner typed the address in."""
        return self.get(email=(username or "").lower())


class Account(AbstractUser):
    """A login of a shopper or of staff. What it bought is on its `Shopper`, not here."""

    username = None  # type: ignore[assignment]  # the e-mail address is the login
    email = models.EmailField("e-mail address", unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[Accounts] = Accounts()  # type: ignore[assignment]  # no user names here

    class Meta:
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="account_email_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    @transaction.atomic
    def confirm_email(self) -> None:
        """Mark the address as confirmed: only such an address can sign in."""
        EmailAddress.objects.filter(user=self).exclude(email=self.email).update(primary=False)
        EmailAddress.objects.update_or_create(
            user=self, email=self.email, defaults={"verified": True, "primary": True}
        )
