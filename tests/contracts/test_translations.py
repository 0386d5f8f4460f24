"""Every sentence a person can read exists in Chinese, and the compiled catalogue is that one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.template import Engine, engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.translation.trans_real import translation

from tests.contracts.house import ROOMS, ROOT, expect_none, list_sources, name_of

FOLDER = ROOT / "locale/zh_Hans/LC_MESSAGES"
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
# name of a call -> which of its arguments is the message, the one before it being its context
CALLS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop", "translate"), 0),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), 0),
    "pgettext_noop": 1,
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def list_messages(catalog: Catalog) -> dict[str, str]:
    """Return each message with its translation; of plurals the singular leads."""
    listed = {}
    for message in catalog:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            context: str | bytes | None = message.context
            if context is not None:  # babel leaves that of a compiled catalogue in bytes
                named = context.decode() if isinstance(context, bytes) else context
                key = f"{named}\x04{key}"
            text = message.string if isinstance(message.string, str) else message.string[0]
            listed[key] = text
    return listed


def find_in_python(path: Path) -> Iterator[str]:
    source = path.read_text()
    if not re.search(r"gettext|translate", source):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            at = CALLS.get(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
            texts = [] if at is None else node.args[: at + 1]
            said = [one.value for one in texts if isinstance(one, ast.Constant)]
            if texts and len(said) == len(texts):
                yield "\x04".join(str(one) for one in said)


def find_in_template(engine: Engine, path: Path) -> Iterator[str]:
    source = path.read_text()
    yield from re.findall(r"\b_\(\"([^\"]+)\"\)", source)
    nodes = engine.from_string(source).nodelist
    for node in nodes.get_nodes_by_type(TranslateNode):
        variable = node.filter_expression.var
        text = variable if isinstance(variable, str) else str(variable.literal)
        yield text.replace("%", "%%")  # as Django looks it up
    for block in nodes.get_nodes_by_type(BlockTranslateNode):
        yield block.render_token_list(block.singular)[0]


def test_no_message_is_empty_or_guessed(catalog: Catalog) -> None:
    expect_none(
        f"not translated: {key}" for key, text in list_messages(catalog).items() if not text
    )
    expect_none(f"guessed: {message.id}" for message in catalog if message.id and message.fuzzy)


def test_every_sentence_of_the_code_is_in_the_catalogue(catalog: Catalog) -> None:
    known = list_messages(catalog)
    expect_none(
        f"{name_of(path)}: {text}"
        for path in list_sources()
        if path.parts[len(ROOT.parts)] not in ("tests", "tools")
        for text in find_in_python(path)
        if text not in known
    )


def test_every_sentence_of_the_templates_is_in_the_catalogue(catalog: Catalog) -> None:
    known = list_messages(catalog)
    engine = engines["django"].engine
    expect_none(
        f"{name_of(path)}: {text}"
        for path in TEMPLATES
        for text in find_in_template(engine, path)
        if text not in known
    )


def find_bare_punctuation(template: str) -> list[str]:
    """Return values with half-width punctuation after them, outside of any message."""
    outside = re.sub(
        r"\{% blocktranslate.*?endblocktranslate %\}", "{{ said }}", template, flags=re.DOTALL
    )
    return re.findall(r"(\{[{%][^{}]*[%}]\})(?:</\w+>)?[:,;]\s+(?=[{<])", outside)


def test_punctuation_between_values_is_translated() -> None:
    shown = [
        path for path in TEMPLATES if path.parent.name in ("components", "emails", "storefront")
    ]
    assert len(shown) > 50
    expect_none(
        f"{path.name}: {one}" for path in shown for one in find_bare_punctuation(path.read_text())
    )
    assert find_bare_punctuation('{{ a }}: {{ b }}, <b>{% translate "C" %}</b>: {{ d }}') == [
        "{{ a }}",
        "{{ b }}",
        '{% translate "C" %}',
    ]
    assert (
        find_bare_punctuation("{% blocktranslate %}{{ a }}: {{ b }}{% endblocktranslate %}") == []
    )


def test_a_translation_keeps_the_placeholders_of_its_message(catalog: Catalog) -> None:
    expect_none(
        f"{key}: {text}"
        for key, text in list_messages(catalog).items()
        if list_places(key) != list_places(text)
    )


def list_places(text: str) -> set[str]:
    """Return the names in braces and in %(...)s."""
    braces = set() if "%(" in text else {name for _, name, *_ in Formatter().parse(text) if name}
    return braces | {part.partition(")")[0] for part in text.split("%(")[1:]}


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_the_compiled_catalogue_is_the_readable_one(language: str) -> None:
    folder = ROOT / f"locale/{language}/LC_MESSAGES"
    with (folder / "django.po").open("rb") as readable, (folder / "django.mo").open("rb") as file:
        assert list_messages(read_mo(file)) == list_messages(read_po(readable, locale=language))


def test_all_that_is_read_in_chinese_says_the_polite_you() -> None:
    """Django's own messages are read too: ours stand in the place of the impolite ones."""
    known = translation("zh-hans")._catalog  # type: ignore[attr-defined]  # gettext's own name
    said = {key: str(known.get(key)) for key, _ in known.items()}
    expect_none(f"{key}: {text}" for key, text in said.items() if "你" in text)


def test_the_software_names_itself_to_no_shopper(catalog: Catalog) -> None:
    """A shop has its own name: templates, sentences and what browsers load never say ours."""
    expect_none(f"{name_of(path)}" for path in TEMPLATES if "Fairtag" in path.read_text())
    expect_none(text for text in list_messages(catalog) if "Fairtag" in text)
    served = [*(ROOT / "static").rglob("*.webmanifest"), *(ROOT / "static").rglob("*.html")]
    expect_none(name_of(path) for path in served if "Fairtag" in path.read_text())


# Chinese that is no sentence to a reader: what people type and write, and content of the demo
DATA = (
    *("promotions/coupons/core.py", "promotions/law/core/claimed.py"),
    *("promotions/demo/", "promotions/law/core/drafts.py"),
    *("shop/ground/catalog/core/synonyms.py", "shop/ground/catalog/core/pinyin.py"),
    *("shop/doors/intake/", "shop/management/commands/"),
    *("shop/doors/customer_lists/rules.py", "shop/doors/product_lists/core/"),
    "shop/doors/api/v1/staff_product_examples.py",
)


def find_chinese(source: str) -> Iterator[str]:
    """Strings of code with Chinese in them; not docstrings and comments."""
    tree = ast.parse(source)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in said and re.search(r"[\u4e00-\u9fff]", str(node.value)):
            yield str(node.value)


def test_no_code_says_a_sentence_past_the_catalogue() -> None:
    expect_none(
        f"{name_of(path)}: {text}"
        for path in list_sources("shop", *ROOMS)
        if not name_of(path).startswith(DATA)
        for text in find_chinese(path.read_text())
        if text != "简体中文"  # the language calls itself so
    )
    assert list(find_chinese('"""说明"""\nHINT = ("Sold out", "已售罄")')) == ["已售罄"]
