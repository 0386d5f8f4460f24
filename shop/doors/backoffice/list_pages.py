"""Differences between the pages of product lists and of customer lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shop.doors.customer_lists.api import CUSTOMERS
from shop.doors.customer_lists.api import export_rows as export_customers
from shop.doors.product_lists.api import PRODUCTS, Column, ListKind, export_rows
from shop.ground.staff.roles import SEE_PERSONAL, may_see_personal


@dataclass(frozen=True, slots=True)
class ListPages:
    """The pages of a kind of list. `name` begins the names of their addresses.

    `can_read` are the rights to see what single rows say, `can_see` the right to see that lists
    came in.
    """

    name: str
    kind: ListKind
    job: str
    title: str | Promise
    file_name: str
    export: Callable[[HttpRequest], Iterator[list[str]]]
    can_see: str
    can_read: tuple[str, ...]
    can_import: tuple[str, ...]
    can_undo: tuple[str, ...]

    @property
    def is_of_customers(self) -> bool:
        """Whether the lists name people."""
        return self.kind is CUSTOMERS

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that the list may have."""
        return self.kind.columns

    def address(self, page: str, *arguments: Any) -> str:
        """Return the address of a page: "" is one list, "s" all of them."""
        return reverse(f"admin:{self.name}{page}", args=arguments)

    def addresses(self, *arguments: Any) -> dict[str, str]:
        """Return the addresses of all pages of one list, or of all lists, for a template."""
        pages = ["apply", "undo", "columns", "refused"] if arguments else ["upload", "export"]
        if arguments and not self.is_of_customers:
            pages.append("decide")
        found = {page: self.address(f"_{page}", *arguments) for page in pages}
        return {**found, "all": self.address("s")}


def allows(user: Any, rights: Sequence[str]) -> bool:
    """Whether somebody has all of the rights."""
    return bool(user.has_perms(rights))


type View = Callable[..., HttpResponse]


def needs_right(name: str) -> Callable[[View], View]:
    """Let only those through who have the rights that the pages name `name`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, pages: ListPages, **more: Any) -> Any:
            rights = getattr(pages, name)
            if not allows(request.user, (rights,) if isinstance(rights, str) else rights):
                raise PermissionDenied
            return view(request, *args, pages=pages, **more)

        return checked

    return decorate


PRODUCT_PAGES = ListPages(
    name="product_list",
    kind=PRODUCTS,
    job="work_on_product_lists",
    title=_("Lists of products"),
    file_name="products",
    export=lambda request: export_rows(),
    can_see="shop.view_productimport",
    can_read=("shop.view_productimport",),
    can_import=("shop.add_productimport",),
    can_undo=("shop.change_productimport",),
)
CUSTOMER_PAGES = ListPages(
    name="customer_list",
    kind=CUSTOMERS,
    job="work_on_customer_lists",
    title=_("Lists of customers"),
    file_name="customers",
    export=lambda request: export_customers(is_masked=not may_see_personal(request.user)),
    can_see="profiles.view_customer",
    can_read=("profiles.add_customer", SEE_PERSONAL),
    can_import=("profiles.add_customer", SEE_PERSONAL),
    can_undo=("profiles.change_customer", SEE_PERSONAL),
)
