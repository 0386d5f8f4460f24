"""Staff page for the shop's name, appearance and texts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from shop.ground.staff.phrases import join_clauses
from shop.ground.staff.tables import KeptAdmin
from shop.ground.storeinfo.core.colours import (
    build_palette,
    find_nearest,
    is_readable,
    read_colour,
    write_colour,
)
from shop.ground.storeinfo.core.logos import Logo, LogoRefused, read_logo
from shop.ground.storeinfo.models import StoreProfile
from shop.ground.storeinfo.selectors import describe
from shop.ground.storeinfo.services import put_logo

LOGO_WORDS = {
    "too_large": _("The file is larger than 2 MB."),
    "no_picture": _("This file is no PNG, JPEG or WebP picture."),
    "too_many_pixels": _("The picture has too many pixels: use at most 16 million."),
    "too_small": _("The picture is too small: each side needs at least 32 pixels."),
}
MISSING_WORDS = {
    "imprint": _("company and address, which an imprint needs"),
    "email": _("an e-mail address for shoppers"),
    "terms": _("the terms of sale"),
    "delivery": _("the text about delivery"),
    "returns": _("the text about returns"),
}
TEXT_HELP = _(
    "Plain text: a blank line begins a paragraph, “# ” a heading, “- ” an item of a list."
)
CAPTIONS = {
    "name": _("Name of the shop"),
    "name_zh": _("Name in Chinese"),
    "tagline": _("Tagline"),
    "tagline_zh": _("Tagline in Chinese"),
    "accent": _("Accent colour"),
    "sender_name": _("Sender of e-mails"),
    "sender_email": _("Address e-mails are sent from"),
    "company": _("Company"),
    "address": _("Postal address"),
    "register": _("Entry in the register"),
    "vat_id": _("VAT number"),
    "email": _("E-mail address for shoppers"),
    "phone": _("Phone number"),
    "privacy_email": _("E-mail address for privacy questions"),
    "links": _("Other places"),
    "terms": _("Terms of sale"),
    "terms_zh": _("Terms of sale in Chinese"),
    "delivery": _("About delivery"),
    "delivery_zh": _("About delivery in Chinese"),
    "returns": _("About returns"),
    "returns_zh": _("About returns in Chinese"),
}
HELP = {
    "accent": _("Buttons and links, such as #1d6340. The dark theme uses a lighter shade of it."),
    "sender_name": _("Empty: the name of the shop."),
    "sender_email": _("Empty: the address of the operator (FROM_EMAIL)."),
    "links": _("Addresses that begin with https://, one a line, such as your social media."),
    **dict.fromkeys(("terms", "terms_zh", "delivery", "delivery_zh"), TEXT_HELP),
    **dict.fromkeys(("returns", "returns_zh"), TEXT_HELP),
}


class StoreProfileForm(forms.ModelForm):
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG or WebP, up to 2 MB. The icon of the shop is made of it, too."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    takes_logo_away = forms.BooleanField(label=_("Take the logo away"), required=False)

    class Meta:
        model = StoreProfile
        fields = list(CAPTIONS)
        labels = CAPTIONS
        help_texts = HELP

    def clean(self) -> dict[str, Any]:
        """Refuse line breaks where a line is asked: they would end a mail's header."""
        given: dict[str, Any] = super().clean() or {}
        for name in ("name", "name_zh", "sender_name", "tagline", "tagline_zh"):
            if any(not letter.isprintable() for letter in given.get(name) or ""):
                self.add_error(name, _("Write this in one line of letters."))
        return given

    def clean_accent(self) -> str:
        """Return the colour; refuse one that cannot be read, with the nearest that can."""
        text = str(self.cleaned_data["accent"]).lower()
        colour = read_colour(text)
        if colour is None:
            raise ValidationError(_("Write a colour such as #1d6340."))
        if not is_readable(colour):
            raise ValidationError(
                _(
                    "White text on %(colour)s, or %(colour)s on a light page, is hard to read:"
                    " WCAG AA asks for a contrast of 4.5. The nearest that is readable is"
                    " %(nearest)s."
                ),
                params={"colour": text, "nearest": write_colour(find_nearest(colour))},
            )
        return text

    def clean_links(self) -> str:
        """Return the addresses, one a line; only what a browser opens safely."""
        links = str(self.cleaned_data["links"]).split()
        for link in links:
            if not link.startswith("https://"):
                raise ValidationError(
                    _("%(link)s does not begin with https://."), params={"link": link[:80]}
                )
        return "\n".join(links)

    def clean_logo_file(self) -> Logo | None:
        """Return the picture drawn anew, None without a new one."""
        file = self.cleaned_data.get("logo_file")
        if not file:
            return None
        try:
            return read_logo(file.read())
        except LogoRefused as refusal:
            raise ValidationError(LOGO_WORDS[str(refusal)]) from refusal


@admin.register(StoreProfile)
class StoreProfileAdmin(KeptAdmin):
    blank_text = _("The shop's details are made when its tables are.")
    form = StoreProfileForm
    list_display = ["name", "name_zh", "accent", "company", "missing"]
    readonly_fields = ["preview", "missing"]
    fieldsets = [
        (None, {"fields": ["missing", ("name", "name_zh"), ("tagline", "tagline_zh")]}),
        (
            _("Look"),
            {"fields": ["accent", "logo_file", "takes_logo_away", "preview"]},
        ),
        (_("E-mails"), {"fields": [("sender_name", "sender_email")]}),
        (
            _("Imprint"),
            {
                "fields": [
                    "company",
                    "address",
                    ("register", "vat_id"),
                    ("email", "phone"),
                    "privacy_email",
                    "links",
                ]
            },
        ),
        (
            _("Legal texts"),
            {
                "fields": [
                    ("terms", "terms_zh"),
                    ("delivery", "delivery_zh"),
                    ("returns", "returns_zh"),
                ]
            },
        ),
    ]
    allows_add = False  # there is one shop

    def save_model(self, request: HttpRequest, obj: StoreProfile, form: Any, change: bool) -> None:
        """Save it, with a new logo or without the old one."""
        logo = form.cleaned_data.get("logo_file")
        if logo is not None or form.cleaned_data.get("takes_logo_away"):
            put_logo(obj, logo)
        super().save_model(request, obj, form, change)

    @admin.display(description=_("Still missing"))
    def missing(self, row: StoreProfile) -> str:
        """What the law asks of a shop and is empty."""
        return join_clauses(MISSING_WORDS[name] for name in describe(row).list_missing()) or "–"

    @admin.display(description=_("Preview"))
    def preview(self, row: StoreProfile) -> SafeString:
        """The saved name, logo and colours in both themes."""
        colour = read_colour(row.accent) or (0, 0, 0)
        light, dark = (
            {name: write_colour(pair[at]) for name, pair in build_palette(colour).items()}
            for at in (0, 1)
        )
        return format_html(
            '<div class="ft-previews">{}{}</div><p><a class="ft-link" href="{}">{}</a></p>',
            _draw(row, light, "#fbf7ee", "#26221b"),
            _draw(row, dark, "#171512", "#f4eee3"),
            reverse("home"),
            _("Look at the shop"),
        )


def _draw(row: StoreProfile, colours: dict[str, str], paper: str, ink: str) -> SafeString:
    """Return a drawing of the head of a page."""
    if row.logo_key:
        address = reverse("store_picture", args=[row.logo_key, "logo.webp"])
        name = format_html('<image href="{}" x="16" y="34" height="32" width="128"/>', address)
    else:
        name = format_html(
            '<text x="16" y="58" font-size="20" font-weight="700" fill="{}">{}</text>',
            ink,
            row.name,
        )
    return format_html(
        '<svg viewBox="0 0 320 120" width="320" height="120" role="img" aria-label="{}">'
        '<rect width="320" height="120" fill="{}"/><rect width="320" height="22" fill="{}"/>'
        '<text x="160" y="15" font-size="10" text-anchor="middle" fill="{}">{}</text>{}'
        '<rect x="16" y="80" width="110" height="28" rx="14" fill="{}"/>'
        '<text x="71" y="98" font-size="12" text-anchor="middle" fill="{}">{}</text>'
        '<text x="142" y="98" font-size="12" fill="{}" text-decoration="underline">{}</text></svg>',
        row.name,
        paper,
        colours["band"],
        colours["on-band"],
        row.tagline[:50],
        name,
        colours["leaf"],
        colours["on-leaf"],
        _("Add to cart"),
        colours["leaf"],
        _("How our prices work"),
    )
