"""Staff tables of accounts, roles and what staff did."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from profiles.shoppers.models.accounts import Account
from shop.ground.staff.columns import age_column, show_tag
from shop.ground.staff.log import about_rights, say_entry
from shop.ground.staff.masked import MaskedAdmin, mask_addresses
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.phrases import join_names
from shop.ground.staff.roles import mask_email, mask_text
from shop.ground.staff.tables import ReadOnlyAdmin, StaffAdmin

# allauth's own tables wear another look and show addresses unmasked; accounts show what matters.
for hidden in (EmailAddress, Authenticator, UserSession, Group):
    if admin.site.is_registered(hidden):
        admin.site.unregister(hidden)


class FreeAddress:
    """Refuses an address that another account has confirmed as its second one."""

    cleaned_data: dict[str, Any]
    instance: Account

    def clean_email(self) -> str:
        """Return the address in lower case."""
        email = str(self.cleaned_data["email"]).lower()
        others = EmailAddress.objects.exclude(user_id=self.instance.pk)
        if others.filter(email=email, verified=True).exists():
            raise forms.ValidationError(_("Another account has confirmed this e-mail address."))
        return email


class AccountCreationForm(FreeAddress, UserCreationForm):
    class Meta:
        model = Account
        fields = ["email"]


class AccountChangeForm(FreeAddress, UserChangeForm):
    class Meta:
        model = Account
        fields = "__all__"


@admin.register(Account)
class AccountAdmin(MaskedAdmin, UserAdmin):  # type: ignore[misc]  # ours overrides on purpose
    blank_text = _("Accounts of shoppers who sign up, and of staff you add, are listed here.")
    form = AccountChangeForm
    add_form = AccountCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = [
        "email",
        "first_name",
        "roles",
        "is_staff",
        "is_active",
        age_column("last_login", _("Last login")),
    ]
    list_filter = ["is_staff", "is_active", "is_superuser", ("groups", RelatedDropdownFilter)]
    search_fields = ["email__startswith", "last_name"]
    personal = {"email": mask_email, "first_name": mask_text, "last_name": mask_text}
    ordering = ["email"]
    filter_horizontal = ["groups", "user_permissions"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password", "first_name", "last_name"]}),
        (
            _("Rights"),
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {"classes": ["wide"], "fields": ["email", "usable_password", "password1", "password2"]},
        )
    ]
    fetched = ["groups"]

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Save; staff vouch for the address they typed, and one that it replaces ends."""
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            EmailAddress.objects.filter(user=obj, email=form.initial.get("email", "")).delete()
            obj.confirm_email()

    @admin.display(description=_("Roles"))
    def roles(self, row: Account) -> str:
        """The names of the groups."""
        return join_names(group.name for group in row.groups.all()) or "–"


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin, StaffAdmin):  # type: ignore[misc]  # as above: a paginator
    blank_text = _(
        "There are no roles. The command seed_roles creates the usual ones with their rights."
    )
    list_display = ["name", "members", "rights"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Count members and rights with the rows."""
        rows: QuerySet[Group] = super().get_queryset(request)
        return rows.annotate(
            member_count=Count("user", distinct=True),
            right_count=Count("permissions", distinct=True),
        )

    @admin.display(description=_("Members"), ordering="member_count")
    def members(self, row: Any) -> int:
        """How many accounts hold the role."""
        return int(row.member_count)

    @admin.display(description=_("Rights"), ordering="right_count")
    def rights(self, row: Any) -> int:
        """How many permissions it gives."""
        return int(row.right_count)


class RightsFilter(admin.SimpleListFilter):
    """What was done to who may do what."""

    title = _("about")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The one choice."""
        return [("rights", _("accounts, roles and tokens"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Select acts on accounts, roles and tokens."""
        return queryset.filter(about_rights()) if self.value() == "rights" else queryset


@admin.register(LogEntry)
class StaffActionAdmin(MaskedAdmin, ReadOnlyAdmin):
    blank_text = _("What staff change in these pages is listed here, with who did it and when.")
    personal = {"object_repr": mask_addresses, "change_message": mask_addresses}
    list_display = ["action_time", "user", "did", "content_type", "what", "told"]
    list_select_related = ["user", "content_type"]
    list_filter = [
        ("action_flag", ChoicesDropdownFilter),
        RightsFilter,
        ("action_time", RangeDateTimeFilter),
    ]
    search_fields = ["object_id__startswith"]
    fields = ["action_time", "user", "did", "content_type", "object_id", "what", "told"]
    readonly_fields = fields
    ordering = ["-id"]

    @admin.display(description=_("Did"))
    def did(self, row: LogEntry) -> SafeString:
        """Added, changed or deleted."""
        tones = {1: "green", 2: "blue", 3: "red"}
        return show_tag(row.get_action_flag_display(), tones.get(row.action_flag, "gray"))

    @admin.display(description=_("What"))
    def what(self, row: LogEntry) -> str:
        """The row it happened to."""
        return row.object_repr

    @admin.display(description=_("In words"))
    def told(self, row: LogEntry) -> str:
        """The act, or the fields that changed, as a sentence."""
        return say_entry(row) or EMPTY
