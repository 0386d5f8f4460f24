"""The silhouettes of drawn packs, and which product gets which. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Shape:
    """A silhouette on 320 x 240. `body` is SVG with {c} for the brand's colour, {d} for a darker
    and {l} for a lighter one; `label` is (x, y, width, height). `shadow` is half its width.
    `pile` are places (x, y, side) of the category's picture behind the body, which then shows none
    itself. Without a label it is the thing itself: nothing is packed, and nothing written on it."""

    body: str
    label: tuple[int, int, int, int] | None
    shadow: int = 90
    pile: tuple[tuple[int, int, int], ...] = ()

    @property
    def drawing(self) -> str:
        """Return the body as one line."""
        return join_lines(self.body)


def join_lines(text: str) -> str:
    """Return text that was written in several indented lines as one."""
    return re.sub(r"\s*\n\s*", "", re.sub(r"\n\s*(?=[a-z-]+=)", " ", text))


FLOOR = 224
LOOSE, BAG, TRAY = "loose", "bag", "tray"
SHAPES = {
    "carton": Shape(
        """
        <path d="M78 66l26-38h112l26 38z" fill="{d}"/>
        <path d="M104 12h112v18H104z" fill="{l}"/>
        <path d="M78 66h164v158H78z" fill="{c}"/>
        <path d="M212 30l4-2 26 38v158h-30z" opacity=".12"/>
        """,
        (84, 74, 152, 142),
    ),
    "jug": Shape(
        """
        <path d="M138 10h44v22h-44z" fill="{d}"/>
        <path d="M134 28h52c6 16 56 20 56 58v126a12 12 0 0 1-12 12H90a12 12 0 0 1-12-12V86
        c0-38 50-42 56-58z" fill="{c}"/>
        <path d="M190 46c30 8 38 22 38 44h-18c0-14-8-20-24-26z" fill="{l}"/>
        """,
        (84, 78, 152, 138),
    ),
    "bottle": Shape(
        """
        <path d="M140 8h40v20h-40z" fill="{d}"/>
        <path d="M142 26h36v14c0 12 58 18 58 44v126a14 14 0 0 1-14 14H98a14 14 0 0 1-14-14V84
        c0-26 58-32 58-44z" fill="{c}"/>
        <path d="M98 88c2-14 22-22 34-28-14 14-24 20-24 40z" fill="#fff" opacity=".35"/>
        """,
        (84, 80, 152, 134),
    ),
    "wine": Shape(
        """
        <path d="M146 6h28v40h-28z" fill="{d}"/>
        <path d="M148 40h24c0 34 64 28 64 66v104a14 14 0 0 1-14 14H98a14 14 0 0 1-14-14V106
        c0-38 64-32 64-66z" fill="{c}"/>
        <path d="M92 108c2-14 18-20 30-26-12 12-18 18-18 36z" fill="#fff" opacity=".3"/>
        """,
        (84, 92, 152, 122),
    ),
    "can": Shape(
        """
        <path d="M80 32q80-20 160 0l6 18H74z" fill="#b9c0c4"/>
        <path d="M74 46h172v164q-86 26-172 0z" fill="{c}"/>
        <path d="M74 46h18v168l-18-4zM228 46h18v164l-18 4z" opacity=".14"/>
        <ellipse cx="160" cy="34" rx="78" ry="9" fill="#dde2e4"/>
        """,
        (84, 60, 152, 142),
    ),
    "jar": Shape(
        """
        <rect x="94" y="12" width="132" height="34" rx="6" fill="{d}"/>
        <path d="M100 16v26M118 16v26M136 16v26M154 16v26M172 16v26M190 16v26M208 16v26"
        stroke="#fff" stroke-width="2" opacity=".18"/>
        <path d="M100 46h120c0 10 26 12 26 34v122a22 22 0 0 1-22 22H96a22 22 0 0 1-22-22V80
        c0-22 26-24 26-34z" fill="{c}"/>
        <path d="M84 84c0-10 8-16 14-18v30z" fill="#fff" opacity=".35"/>
        """,
        (74, 76, 172, 128),
    ),
    "tub": Shape(
        """
        <rect x="54" y="30" width="212" height="32" rx="10" fill="{d}"/>
        <path d="M62 62h196l-18 150a14 14 0 0 1-14 12H94a14 14 0 0 1-14-12z" fill="{c}"/>
        <path d="M62 62h196l-1 10H63z" opacity=".16"/>
        """,
        (84, 78, 152, 134),
    ),
    "bag": Shape(
        """
        <path d="M76 18q84 10 168 0l-4 22q10 84 4 166l4 18q-88-8-176 0l4-18q-6-82 4-166z"
        fill="{c}"/>
        <path d="M76 18q84 10 168 0l-3 16q-81 8-162 0zM76 208q84-8 168 0l4 16q-88-8-176 0
        z" fill="{d}"/>
        <path d="M86 44q-6 76 0 156" stroke="#fff" stroke-width="5" fill="none" opacity=".25"/>
        """,
        (86, 52, 148, 144),
    ),
    "box": Shape(
        """
        <path d="M66 30l20-16h184l-16 16z" fill="{l}"/>
        <path d="M254 30l16-16v190l-16 20z" fill="{d}"/>
        <path d="M66 30h188v194H66z" fill="{c}"/>
        """,
        (76, 42, 168, 172),
        100,
    ),
    "tray": Shape(
        """
        <path d="M34 78l20-34h212l20 34z" fill="#fff" opacity=".75"/>
        <path d="M28 74h264l-22 136a16 16 0 0 1-16 14H66a16 16 0 0 1-16-14z" fill="{c}"/>
        <rect x="22" y="66" width="276" height="18" rx="9" fill="{d}"/>
        """,
        (58, 94, 204, 116),
        118,
    ),
    LOOSE: Shape("", None, 128, ((20, 112, 112), (188, 112, 112), (78, 56, 168))),
    "tube": Shape(
        """
        <path d="M70 14h180v20H70z" fill="{d}"/>
        <path d="M70 32h180l-18 158h-144z" fill="{c}"/>
        <rect x="120" y="188" width="80" height="36" rx="6" fill="{d}"/>
        <path d="M132 194v24M146 194v24M160 194v24M174 194v24M188 194v24"
        stroke="#fff" stroke-width="2" opacity=".25"/>
        """,
        (86, 44, 148, 134),
        60,
    ),
    "eggbox": Shape(
        """
        <path d="M36 92
        q18-34 36 0 18-34 36 0 18-34 36 0 16-34 36 0 18-34 36 0 18-34 36 0 18-34 32 0v14H36
        z" fill="{l}"/>
        <path d="M26 98h268l-14 112a16 16 0 0 1-16 14H56a16 16 0 0 1-16-14z" fill="{c}"/>
        <path d="M26 98h268l-2 12H28z" opacity=".16"/>
        """,
        (54, 114, 212, 102),
        124,
    ),
    "roll": Shape(
        """
        <path d="M64 48h192v162a96 18 0 0 1-192 0z" fill="#fff"/>
        <ellipse cx="160" cy="48" rx="96" ry="26" fill="#f4f1ea"/>
        <ellipse cx="160" cy="48" rx="30" ry="9" fill="{d}"/>
        <path d="M64 84a96 18 0 0 0 192 0v126a96 18 0 0 1-192 0z" fill="{c}"/>
        """,
        (80, 108, 160, 112),
        100,
    ),
    "bouquet": Shape(
        """
        <path d="M58 96h204l-62 122a10 10 0 0 1-9 6h-62a10 10 0 0 1-9-6z" fill="{c}"/>
        <path d="M58 96l102 26 102-26-10 20-92 24-92-24z" fill="{l}"/>
        """,
        (82, 112, 156, 92),
        60,
        ((62, 24, 86), (172, 24, 86), (114, 8, 94)),
    ),
    "card": Shape(
        """
        <path d="M70 20l176-8 6 206-178 8z" fill="#fff"/>
        <path d="M66 14h178v208H66z" fill="{c}"/>
        <path d="M66 14h12v208H66z" fill="{d}"/>
        """,
        (86, 26, 150, 184),
        96,
    ),
    "hanger": Shape(
        """
        <path d="M160 30a12 12 0 1 1 12-12" fill="none" stroke="{d}" stroke-width="5"/>
        <path d="M160 28v16" stroke="{d}" stroke-width="5"/>
        <path d="M146 40h28l62 26v150a8 8 0 0 1-8 8H92a8 8 0 0 1-8-8V66z" fill="{c}"/>
        """,
        (92, 72, 136, 144),
    ),
}
# The first row with a word of the product's name, else of its category, names the silhouette.
_WORDS = {
    "eggbox": """
        (?<!dairy )eggs
    """,
    "bouquet": """
        bouquets?|flowers?|roses?|tulips?|carnations?|floral|balloons?
    """,
    "roll": """
        toilet paper|paper towels?|bath tissue|foil|wraps? & foils?|tape|gift wrap
    """,
    "jug": """
        detergent|bleach|softener|motor oil|windshield|white milk|gallon|
        vinegar
    """,
    "wine": """
        wines?|champagne|sparkling wine|spirits?|liquor|whiske?y|vodka
    """,
    "can": """
        beer|ale|soda cans?|cans?|canned|soups?|tuna|tomatoes, canned|energy drinks?|beans
    """,
    "tub": """
        yogh?urts?|ice cream|sherbet|margarine|butter|sour cream|cottage|dips?|hummus|
        spreads?|pails|frosting|whipped|salads?|cream cheese|pints?
    """,
    "carton": """
        milk|cream|creamers?|juices?|broth|stock|egg nog|nectar
    """,
    "bottle": """
        water|soda|soft drinks?|shampoo|conditioner|dressings?|syrup|ketchup|oil|cleaners?|
        mouthwash|soap|lotion|sauces?|teas?, ready|sports drinks?|body wash|bottled|
        drinks?|vitamins?|medicine|pain relief|analgesics?|cough
    """,
    "jar": """
        jams?|jell(?:y|ies)|peanut butter|pickles?|olives?|salsa|mayonnaise|mustard|
        baby food|spices?|seasonings?|honey|relish|candles?|instant coffee|pasta sauce
    """,
    "tube": """
        toothpaste|creams?|ointment|gels?|sunscreen|sun ?care|lipsticks?|mascara|makeup|
        skin care
    """,
    "hanger": """
        socks?|hosiery|shirts?|clothing|apparel|underwear|pants|gloves|batter(?:y|ies)|
        bulbs?|toys?|cables?|cords?|tools?|utensils?|hair accessories|razors?|
        toothbrush(?:es)?|brushes
    """,
    "card": """
        cards?|magazines?|books?|paperbacks?|newspapers?|calendars?|videos?|dvds?|music|
        photos?|stationery|notebooks?|envelopes
    """,
    "box": """
        cheese|tea bags|crackers|instant rice|pudding|gelatin|baking|bars|waffles|pizza
        |coffee filters|tissues?|film|cigarettes|lighters?|bulbs
    """,
    "bag": r"""
        chips|crisps|pretzels|popcorn|candy|candies|sweets|flour|sugar|rice|coffee|bread|
        buns|rolls|bagels|tortillas?|dog food|cat food|pet|litter|frozen vegetables|
        vegetables frozen|fries|nuts|seeds|charcoal|bird|soil|mulch|snacks?|trail mix|
        shredded cheese|diapers?|wipes|grains|marshmallows?|
        (?:frozen|frzn) (?:\w+ )*(?:potatoes|chicken|fruits?)|
        ice|shredded
    """,
    "tray": """
        meats?|beef|pork|chicken|turkey|fish|seafood|shrimp|sausages?|bacon|ham|lamb|veal|
        sushi|sandwich(?:es)?|cakes?|pies?|deli|donuts?|muffins?|pastr(?:y|ies)|berries|
        mushrooms?|meals?|bakery|frankfurters|hot dogs|cookies, fresh|tomatoes|cut fruit|
        party
    """,
    LOOSE: """
        plants?
    """,
}
# Fruit and vegetables that nobody cooked, cut small, froze or canned are sold loose, or in a bag
# or a tray where a size is printed on one.
_FRESH = re.compile(r"\b(?:produce|fruits?|vegetables?)\b")
_KEPT = re.compile(r"\b(?:frozen|canned|dried|dry|juices?|dips?|dressings?|pantry|snacks?)\b")
_IN_TRAYS = re.compile(
    r"\b(?:berries|\w+berries|mushrooms?|cut|sprouts?|herbs?|(?:grape|cherry) tomatoes|party)\b"
)
_NO_SIZE = re.compile(r"(?:each|typical pack|about .*|1 ct|)", re.IGNORECASE)
_PATTERNS = {name: re.compile(rf"\b(?:{join_lines(words)})\b") for name, words in _WORDS.items()}
USUAL = "box"


@lru_cache(maxsize=16_384)
def choose_shape(name: str, path: str, size: str = "") -> str:
    """Return the silhouette for a product of the category `path`.

    >>> choose_shape("White Milk", "dairy-eggs/milk/white-milk"), choose_shape("Cereal", "pantry")
    ('jug', 'box')
    >>> [choose_shape("Gala Apples", "produce/apples", size) for size in ("each", "3 lb")]
    ['loose', 'bag']
    """
    texts = _list_texts(name, path)
    if is_fresh(name, path):
        if any(map(_IN_TRAYS.search, texts)):
            return TRAY
        return LOOSE if _NO_SIZE.fullmatch(size) else BAG
    for text in texts:
        for shape, words in _PATTERNS.items():
            if words.search(text):
                return shape
    return USUAL


def is_fresh(name: str, path: str) -> bool:
    """Return whether it is fruit or a vegetable that nobody cooked, cut small, froze or canned.

    >>> is_fresh("Gala Apples", "produce/apples"), is_fresh("Peas", "frozen/vegetables")
    (True, False)
    """
    texts = _list_texts(name, path)
    return _FRESH.search(texts[-1]) is not None and not any(map(_KEPT.search, texts))


def _list_texts(name: str, path: str) -> tuple[str, ...]:
    """Return the name, then the categories, the nearest first."""
    return (name.lower(), *reversed(path.replace("-", " ").split("/")))
