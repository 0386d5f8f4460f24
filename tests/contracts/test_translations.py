"""Every sentence a person can read exists in Chinese, and the compiled catalogue is that one."""

from __future__ import annotations

import ast
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

from tests.contracts.house import ROOT, expect_none, list_sources, name_of

FOLDER = ROOT / "locale/zh_Hans/LC_MESSAGES"
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}


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
            text = message.string if isinstance(message.string, str) else message.string[0]
            listed[key] = text
    return listed


def find_in_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = node.args[0] if node.args else None
            is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
            if node.func.id in CALLS and is_text:
                yield str(first.value)  # type: ignore[union-attr]  # is_text says it is a constant


def find_in_template(engine: Engine, path: Path) -> Iterator[str]:
    nodes = engine.from_string(path.read_text()).nodelist
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


def test_the_compiled_catalogue_is_the_readable_one(catalog: Catalog) -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = read_mo(file)
    assert list_messages(compiled) == list_messages(catalog)


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
