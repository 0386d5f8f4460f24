"""Values of the shop's name, appearance and legal texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr

# Texts that have a page of their own once somebody wrote them.
PAGES = ("terms", "delivery", "returns")


def is_chinese(language: str) -> bool:
    """Return whether `language` ("zh-hans", "zh") is Chinese."""
    return language.lower().startswith("zh")


@dataclass(frozen=True, slots=True)
class StoreDetails:
    """The shop's own face. `texts` are by field name, such as "terms" and "terms_zh".

    `palette` are the colours by token, (light, dark) as #rrggbb; empty for the usual ones.
    `logo` and `icon` are keys of pictures, "" without one.
    """

    name: str
    name_zh: str = ""
    tagline: str = ""
    tagline_zh: str = ""
    palette: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    palette_key: str = ""
    logo: str = ""
    logo_size: tuple[int, int] = (0, 0)
    sender_name: str = ""
    sender_email: str = ""
    company: str = ""
    address: str = ""
    register: str = ""
    vat_id: str = ""
    email: str = ""
    phone: str = ""
    privacy_email: str = ""
    links: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)

    def called(self, language: str) -> str:
        """Return the shop's name in a language."""
        return (is_chinese(language) and self.name_zh) or self.name

    def motto(self, language: str) -> str:
        """Return the tagline in a language, "" without one."""
        return (is_chinese(language) and self.tagline_zh) or self.tagline

    def text(self, name: str, language: str) -> str:
        """Return a text in a language, in English where it was not translated."""
        own = self.texts.get(f"{name}_zh", "") if is_chinese(language) else ""
        return own or self.texts.get(name, "")

    @property
    def has_imprint(self) -> bool:
        """Whether somebody said who sells."""
        return bool(self.company and self.address)

    def sender(self, language: str, fallback: str) -> str:
        """Return the sender of mails; `fallback` is the address where staff named none."""
        name = self.sender_name or self.called(language)
        return formataddr((name, self.sender_email or parseaddr(fallback)[1]))

    def list_missing(self) -> list[str]:
        """Return what the law asks of a shop and is still empty, by field."""
        asked = {"imprint": self.has_imprint, "email": bool(self.email)}
        return [
            *(name for name, is_there in asked.items() if not is_there),
            *(name for name in PAGES if not self.texts.get(name)),
        ]
