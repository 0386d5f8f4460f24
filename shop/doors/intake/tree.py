"""Category of a product, from the codes of the source: department > category > type."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from shop.doors.intake.chinese import compose_chinese
from shop.doors.intake.naming import TypeName, make_readable, name_type, read_words
from shop.ground.catalog.core.slugs import make_slug

OTHER = "Other"
# A code that fewer than this share of a type's products carry is taken for a slip of the pen.
SLIP_SHARE = 0.1
HOME_SHARE = 0.5
USUAL_MARGIN = 30

CHILD_TYPE = re.compile(
    r"\b(KIDS?|CHILDREN|CHILDRENS|BABY|INFANTS?|TODDLER|TOYS?|PEDIATRIC|PRESHCOOL|BARBIE|DIECAST"
    r"|FISHER PRICE|NERF|DOLL|JUNIOR ALL BRANDS|PLUSH|TEEN-MAGAZINE|EASTER BASKET STUFFERS)\b"
)
RESTRICTED_TYPE = re.compile(r"\b(AGE RESTRICTED|CIGARETTES?|TOBACCO|SNUFF|BEERALE|LIQUOR)")
# Health, sexual life, belief, origin: what GDPR art. 9 protects, told by what somebody buys.
SENSITIVE_TYPE = re.compile(
    r"\b(ANALGESICS?|COLD AND FLU|COUGH|SINUS|ALLERGY|NASAL|ANTI-ACIDS|LAXATIVES?|HEMORRHOIDAL"
    r"|\w*MEDICATED|MEDICATIONS?|MEDICINES?|MEDICAL|HYDROCORTIZONE|RX|MOUTH SORE|SLEEPING AIDS"
    r"|VITAMIN|VITAMINS|NUT SUPP|SUPPLEMEN\w*|LIQUID NUTRITION|DIET CNTRL|DIET CONTROL|DIET PILLS"
    r"|DIET BARS|FITNESS&DIET|SUGAR FREE|GLUTEN FREE|PREGNANCY|PROPHYLACTICS|CONTRACEPTIVES?|FEM"
    r"|FEMININE|MENSTRUAL|INCONTINENCE|SMOKING CESSATION|DENTURE|HEARING AID|CONVALESCENT"
    r"|READING GLASSES|BANDAGE|KOSHER|ETHNIC-MAGAZINE|ETHNIC (?:HAIR|SKIN|SHAVE))\b"
)
CHILD_WORD = re.compile(r"\b(baby|infant|kids?|children|toys?)\b", re.IGNORECASE)
RESTRICTED_WORD = re.compile(
    r"\b(beers?|wines?|spirits?|liquors?|alcohol|tobacco|cigar\w*)\b", re.IGNORECASE
)
SENSITIVE_WORD = re.compile(
    r"\b(medicines?|medicated|medications?|medical|pharmac\w*|home health|health ?care|first aid"
    r"|pain relief|analgesics?|colds? (and|&) flu|cough|allerg\w*|antacids?|laxatives?|digestive"
    r"|vitamins?|supplements?|diabet\w*|dietary|special diets?|diet (pill|aid|food)s?|slimming"
    r"|weight loss|gluten\W?free|sugar\W?free|lactose\W?free|contracept\w*|condoms?"
    r"|sexual\w*|family planning|pregnan\w*|ovulation|feminine|menstrua\w*|tampons?|incontinence"
    r"|denture\w*|hearing aids?|nicotine|quit smoking|smoking cessations?|kosher|halal)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Department:
    """A department of the store. `margin` is the assumed gross margin in percent of sales; what it
    sells `is_perishable` but for categories that say otherwise."""

    code: str
    name: str
    name_zh: str
    margin: int
    emoji: str
    position: int
    is_perishable: bool = False


@dataclass(frozen=True, slots=True)
class StoreCategory:
    """A category of the store. `goods`: g, ml or ct, how its package sizes are read.

    `is_perishable`: where it differs from its department, else None.
    """

    department: Department
    name: str
    name_zh: str
    goods: str
    emoji: str
    is_child_directed: bool
    is_restricted: bool
    is_sensitive: bool
    is_sold_online: bool
    is_perishable: bool | None = None

    @property
    def path(self) -> str:
        """The category's path: "dairy-eggs/cheese"."""
        return f"{self.department.code}/{_slug(self.name)}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A product type of the store: where its products hang."""

    place: StoreCategory
    type_name: TypeName
    is_child_directed: bool
    is_restricted: bool
    is_sensitive: bool

    @property
    def path(self) -> str:
        """The leaf's path: "dairy-eggs/cheese/shredded-cheese"."""
        return f"{self.place.path}/{_slug(self.type_name.name)}"

    @property
    def emoji(self) -> str:
        """The picture of the type, else of its category."""
        return self.type_name.emoji or self.place.emoji


Code = tuple[str, str, str]
"""A till's (department, category, type); "" where the source says nothing."""


@lru_cache(maxsize=16_384)
def _slug(name: str) -> str:
    return make_slug([name])


@lru_cache(maxsize=1)
def list_departments() -> dict[str, Department]:
    """Return our departments by code, in store order."""
    return {
        row["code"]: Department(
            row["code"],
            row["name"],
            row["name_zh"],
            int(row["margin"]),
            row["emoji"],
            position,
            row["flags"] == "p",
        )
        for position, row in enumerate(read_words("departments"))
    }


@lru_cache(maxsize=1)
def _known_places() -> dict[tuple[str, str], StoreCategory]:
    departments = list_departments()
    return {
        (row["department"], row["category"]): StoreCategory(
            department=departments[row["place"]],
            name=row["name"],
            name_zh=row["name_zh"],
            goods=row["goods"],
            emoji=row["emoji"],
            is_child_directed="c" in row["flags"],
            is_restricted="r" in row["flags"],
            is_sensitive="s" in row["flags"],
            is_sold_online="n" not in row["flags"],
            is_perishable={"p": True, "k": False}.get(row["flags"]),
        )
        for row in read_words("categories")
    }


@lru_cache(maxsize=4096)
def find_place(department: str, category: str) -> StoreCategory:
    """Return the store's place of a till's department and category.

    Codes nobody mapped get readable names; words such as "wine" or "baby" set the flags, because
    a missed flag would show personal prices where the law forbids them.
    """
    known = _known_places()
    found = known.get((department, category)) or known.get((department, "*"))
    if found is not None:
        return found
    name = make_readable(department) if department else OTHER
    below = make_readable(category) if category else OTHER
    text = f"{name} {below}"
    code = make_slug([name]) or "other"
    listed = list_departments()
    return StoreCategory(
        department=listed.get(code) or Department(code, name, "", USUAL_MARGIN, "", len(listed)),
        name=below,
        name_zh="",
        goods="g",
        emoji="",
        is_child_directed=bool(CHILD_WORD.search(text)),
        is_restricted=bool(RESTRICTED_WORD.search(text)),
        is_sensitive=bool(SENSITIVE_WORD.search(text)),
        is_sold_online=True,
    )


def find_homes(codes: Iterable[Code]) -> dict[Code, Code]:
    """Return, for codes that look like slips, the code to use instead.

    If at least half of a type's products stand in one category, the few (under 10 %) that stand
    in another one were keyed wrong: lipsticks among the batteries.
    """
    counts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for department, category, product_type in codes:
        if product_type:
            counts[product_type][department, category] += 1
    homes: dict[Code, Code] = {}
    for product_type, places in counts.items():
        total = places.total()
        home, most = places.most_common(1)[0]
        if most < HOME_SHARE * total:
            continue
        for place, count in places.items():
            if place != home and count < SLIP_SHARE * total:
                homes[(*place, product_type)] = (*home, product_type)
    return homes


@lru_cache(maxsize=16_384)
def find_leaf(code: Code) -> Leaf:
    """Return the leaf of a till's code."""
    department, category, product_type = code
    place = find_place(department, category)
    if product_type:
        type_name = name_type(category, product_type)
        if not type_name.name_zh:
            composed = compose_chinese(type_name.name, place.name_zh)
            type_name = replace(type_name, name_zh=composed)
    else:
        type_name = TypeName(f"{OTHER} {place.name}", place.name_zh, "")
    return Leaf(
        place=place,
        type_name=type_name,
        is_child_directed=place.is_child_directed or bool(CHILD_TYPE.search(product_type)),
        is_restricted=place.is_restricted or bool(RESTRICTED_TYPE.search(product_type)),
        is_sensitive=place.is_sensitive or _is_sensitive_type(product_type),
    )


def _is_sensitive_type(product_type: str) -> bool:
    # The Journey's codes are capitals; another shop's types are words.
    return bool(SENSITIVE_TYPE.search(product_type) or SENSITIVE_WORD.search(product_type))
