"""The visit behind a request: guest cookie, login, region, language and choices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from pricing.api import resolve_jurisdiction
from pricing.base.core.values import JurisdictionRule
from profiles.accounts.api import belongs_to_account, get_or_create_guest
from profiles.events.api import is_crawler
from profiles.values import Consents, ShopperValue
from shop.doors.pages.cards import quote_context
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import Visitor
from shop.doors.pages.regions import is_region
from shop.doors.pages.sign_in import join_guest
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.translation import locale_of

LANGUAGE_NAMES = (("en", "English"), ("zh-hans", "简体中文"))
LANGUAGE_TAGS = {"en": "en", "zh-hans": "zh-Hans"}


def in_language(path: str, language: str) -> str:
    """Return the address of the same page in another language.

    `translate_url` does the same by resolving and reversing, which is too slow for a sitemap.
    """
    for code, _name in LANGUAGE_NAMES:
        if code != settings.LANGUAGE_CODE and path.startswith(f"/{code}/"):
            path = path[len(code) + 1 :]
    return path if language == settings.LANGUAGE_CODE else f"/{language}{path}"


def list_languages(market: MarketValue) -> tuple[str, ...]:
    """Return the languages that a market's storefront can be read in, in the order of all."""
    codes = tuple(code for code, _name in LANGUAGE_NAMES)
    return tuple(code for code in codes if code in market.languages) or codes


def name_languages(codes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the languages with what they call themselves."""
    return tuple(pair for pair in LANGUAGE_NAMES if pair[0] in codes)


def find_language(request: HttpRequest, market: MarketValue) -> str:
    """Return the language of a market that a visitor chose, else the first that the browser asks
    for, else the market's own."""
    offered = list_languages(market)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in offered:
        return chosen
    header = request.headers.get("Accept-Language", "")[:200]
    for asked, _weight in parse_accept_lang_header(header):
        try:
            known = get_supported_language_variant(asked)
        except LookupError:
            continue
        if known in offered:
            return known
    return market.language if market.language in offered else offered[0]


SHOPPER_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_shopper"
REGION_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_region"
CHOICE_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_choice"
THEME_COOKIE = "fairtag_theme"  # the page's script writes it, and it is light or dark
CART_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_cart"
SAVED_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_saved"
ORDERS_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_orders"
AGE_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_age"
SHOPPER_SECONDS = 400 * 86_400  # 13 months, the longest that European regulators accept
AGE_SECONDS = 86_400  # others may use the device tomorrow
CHOICE_SECONDS = 183 * 86_400  # a refusal is remembered for half a year, then asked again
PROOF_SECONDS = 3_600  # so long a guest's browser shows whom an order is for
PROOFS = 5
CHANNEL = "online"
THIS_MACHINE = ("127.0.0.1", "::1", "::ffff:127.0.0.1")

_signer = Signer(salt="shop.storefront.shopper")
_proof_signer = TimestampSigner(salt="shop.storefront.orders")


@dataclass(slots=True)
class Visit:
    """One request's visitor. `cookies` are set on the response: name -> (value, seconds, is_open).

    An open cookie may be read by the shop's own script. `is_robot` says that a program or a
    prefetch asks, not a person. `choice` is "on", "off" or "" (not asked). `visitor` is who it is
    to pages: what one reads of it, others know.
    """

    ctx: PageContext
    market: MarketValue
    choice: str
    theme: str
    user_agent: str
    is_robot: bool
    cart_count: int
    proven_orders: tuple[str, ...] = ()
    confirmed_age: int = 0
    cookies: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    visitor: Visitor = field(init=False)
    _rule: JurisdictionRule | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.visitor = Visitor(self.ctx)

    def name(self, pseudonym: str, shopper: ShopperValue | None = None) -> None:
        """Set whose visit it is: a pseudonym, and its shopper where that was read already."""
        self.ctx = replace(self.ctx, shopper_pseudonym=pseudonym)
        self.visitor = Visitor(self.ctx, shopper)

    def default_consents(self) -> Consents:
        """Return what holds for a shopper who is made now: the choice, else the region's law."""
        is_on = self.choice == "on" or (not self.choice and not self.rule.opt_in_required)
        is_off = self.choice == "off" or self.ctx.gpc
        return Consents(
            price=is_on and not is_off,
            recommendations=is_on and not is_off,
            analytics=is_on,
        )

    @property
    def rule(self) -> JurisdictionRule:
        """The price law of the visitor's region. No query while rules are fresh."""
        if self._rule is None:
            code, now = self.ctx.jurisdiction_code, self.ctx.now
            self._rule = resolve_jurisdiction(code=code, now=now)
        return self._rule

    @property
    def sees_mails(self) -> bool:
        """Whether the visitor may read the mails of a demo: they open accounts.

        Only from this machine, and only where mails are files, which production refuses.
        """
        return settings.HAS_MAIL_PAGE and self.ctx.address in THIS_MACHINE

    def forget(self) -> None:
        """Make the visitor a stranger from the next request on."""
        self.remember_count(0)
        self.remember_saved(0)
        self.cookies[SHOPPER_COOKIE] = ("", 0, False)
        self.cookies[ORDERS_COOKIE] = ("", 0, False)

    def prove_order(self, number: str) -> None:
        """Remember for an hour that this browser named the e-mail address of an order."""
        others = [each for each in self.proven_orders if each != number]
        self.proven_orders = (number, *others[: PROOFS - 1])
        signed = _proof_signer.sign(" ".join(self.proven_orders))
        self.cookies[ORDERS_COOKIE] = (signed, PROOF_SECONDS, False)

    def remember_count(self, count: int) -> None:
        """Keep how many pieces are in the cart, for the header: no page has to ask for it."""
        self.cart_count = count
        self.cookies[CART_COOKIE] = (str(count), SHOPPER_SECONDS if count else 0, True)

    def remember_saved(self, count: int) -> None:
        """Keep how many products are saved: pages ask which only where there are some."""
        self.ctx = replace(self.ctx, has_saved=count > 0)
        self.cookies[SAVED_COOKIE] = (str(count), SHOPPER_SECONDS if count else 0, False)


def get_visit(request: HttpRequest) -> Visit:
    """Return the request's visit, made once. One query for guests; two or three for accounts.

    From then on templates tell moments in the market's time zone: an offer that ends at midnight
    UTC ends the evening before in New York, and whoever is told the later day is misled.
    """
    visit: Visit | None = getattr(request, "visit", None)
    if visit is None:
        visit = _read_visit(request)
        timezone.activate(visit.market.time_zone)
        request.visit = visit  # type: ignore[attr-defined]  # Django's own way to pass things on
    return visit


def sign_shopper(pseudonym: str, account_id: int | None) -> str:
    """Return the cookie's value. One that names an account is worth nothing without its login."""
    return _signer.sign(f"{pseudonym}.{account_id or ''}")


def read_shopper(value: str) -> tuple[str, int | None] | None:
    """Return (pseudonym, account id or None) of a cookie, or None if it is not ours."""
    try:
        pseudonym, _, account = _signer.unsign(value).partition(".")
        return str(UUID(pseudonym)), int(account) if account else None
    except (BadSignature, ValueError):
        return None


def ensure_shopper(request: HttpRequest) -> ShopperValue:
    """Return the visitor's shopper, making a guest on the first act that needs one."""
    visit = get_visit(request)
    shopper = visit.visitor.find() or get_or_create_guest(
        pseudonym=None,
        defaults=visit.default_consents(),
        market_code=visit.ctx.market,
        now=visit.ctx.now,
        locale=visit.ctx.locale,
    )
    if shopper.pseudonym != visit.ctx.shopper_pseudonym:
        _adopt(visit, shopper)
    return shopper


def write_cookies(request: HttpRequest, response: HttpResponse) -> None:
    """Set what the visit wants remembered."""
    visit: Visit | None = getattr(request, "visit", None)
    if visit is None:
        return
    for name, (value, seconds, is_open) in visit.cookies.items():
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            httponly=not is_open,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )


def _read_visit(request: HttpRequest) -> Visit:
    cookies, headers = request.COOKIES, request.headers
    market = get_market(settings.MARKET_CODE)
    language = "zh-hans" if (get_language() or "").startswith("zh") else "en"
    region = cookies.get(REGION_COOKIE, "")
    if not (region and is_region(region, market)):
        region = market.jurisdiction_code
    now = utc_now()
    user_agent = headers.get("User-Agent", "")
    is_robot = "prefetch" in headers.get("Sec-Purpose", "") or is_crawler(user_agent)
    visit = Visit(
        ctx=PageContext(
            shopper_pseudonym=None,
            account_id=_read_account(request),
            language=language,
            locale=locale_of(language),
            market=market.code,
            currency=market.currency,
            jurisdiction_code=region,
            channel=CHANNEL,
            gpc=headers.get("Sec-GPC") == "1",
            now=now,
            is_counted=not (is_robot or _is_staff(request)),
            address=str(request.META.get("REMOTE_ADDR", "")),
            has_saved=_read_count(cookies.get(SAVED_COOKIE, "")) > 0,
        ),
        market=market,
        choice=_pick(cookies.get(CHOICE_COOKIE), ("on", "off")),
        theme=_pick(cookies.get(THEME_COOKIE), ("light", "dark")),
        user_agent=user_agent,
        is_robot=is_robot,
        cart_count=_read_count(cookies.get(CART_COOKIE, "")),
        proven_orders=_read_proofs(cookies.get(ORDERS_COOKIE, "")),
        confirmed_age=_read_age(cookies.get(AGE_COOKIE, "")),
    )
    _recognize(visit, read_shopper(cookies.get(SHOPPER_COOKIE, "")))
    return visit


def _recognize(visit: Visit, cookie: tuple[str, int | None] | None) -> None:
    """Set the pseudonym. A cookie bound to a login counts only while that login lasts.

    One of the time before the login (a page that never arrived, a copied profile) counts no more.
    """
    account_id = visit.ctx.account_id
    if account_id is None:
        if cookie is not None and cookie[1] is None and not belongs_to_account(cookie[0]):
            visit.name(cookie[0])
        elif cookie is not None:
            visit.forget()
        return
    if cookie is not None and cookie[1] == account_id:
        visit.name(cookie[0])
        return
    guest = cookie[0] if cookie is not None and cookie[1] is None else None
    _sign_in(visit, account_id, guest)


def _sign_in(visit: Visit, account_id: int, guest: str | None) -> None:
    """First request after a login: what the guest did, holds and was promised is the account's."""
    joined = join_guest(
        account_id=account_id,
        guest=guest,
        context=quote_context(visit.ctx, "cart"),
        defaults=visit.default_consents(),
    )
    _adopt(visit, joined.shopper)
    visit.choice = "on" if joined.shopper.consents.price else "off"
    visit.cookies[CHOICE_COOKIE] = (visit.choice, CHOICE_SECONDS, True)
    visit.remember_saved(joined.saved_count)
    if joined.cart is not None:
        visit.remember_count(joined.cart.quantity)


def _adopt(visit: Visit, shopper: ShopperValue) -> None:
    visit.name(shopper.pseudonym, shopper)
    value = sign_shopper(shopper.pseudonym, visit.ctx.account_id)
    visit.cookies[SHOPPER_COOKIE] = (value, SHOPPER_SECONDS, False)


def _read_account(request: HttpRequest) -> int | None:
    """Return the login's id; without a session cookie no session is touched."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    user: Any = request.user
    return int(user.pk) if user.is_authenticated else None


def _is_staff(request: HttpRequest) -> bool:
    """Return whether staff look at the shop; as above, only a session cookie is asked about."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user: Any = request.user
    return bool(user.is_authenticated and user.is_staff)


def _read_proofs(value: str) -> tuple[str, ...]:
    try:
        return tuple(_proof_signer.unsign(value, max_age=PROOF_SECONDS).split())
    except BadSignature:
        return ()


def _read_count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _pick(value: str | None, allowed: tuple[str, ...]) -> str:
    return value if value in allowed else ""


def _read_age(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else 0
