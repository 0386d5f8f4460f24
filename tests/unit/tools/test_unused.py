"""Code that only tests call is found; what frameworks and templates call is not."""

from pathlib import Path

from tools.unused import list_unused

CODE = """
from shop.jobs import job

__all__ = ["export_only", "use"]


def export_only(): ...


def show(): ...


@job(queue="x")
def work(): ...


def use():
    return helper()


def helper(): ...


use()
"""


def test_a_name_that_is_only_exported_is_unused(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "shop" / "code.py").write_text(CODE)
    (tmp_path / "templates" / "page.html").write_text("{% if page.show %}{% endif %}")
    assert list_unused(tmp_path) == ["shop/code.py:7: function export_only"]
