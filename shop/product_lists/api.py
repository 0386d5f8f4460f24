"""What others use of lists of products."""

from __future__ import annotations

from shop.product_lists.core.columns import COLUMNS, market_of
from shop.product_lists.core.problems import BadList
from shop.product_lists.pictures import pack_folder
from shop.product_lists.selectors.exporting import export_rows
from shop.product_lists.selectors.imports import (
    Change,
    ImportView,
    find_import,
    list_changes,
    list_imports,
    list_kept,
    list_refused_rows,
    list_sentences,
)
from shop.product_lists.services.uploading import (
    ListRefused,
    choose_columns,
    receive_list,
    start_applying,
    start_undoing,
)
from shop.product_lists.services.working import work_on_import
from shop.product_lists.words import say_counts
from shop.product_lists.workbooks import write_workbook

__all__ = [
    "COLUMNS",
    "BadList",
    "Change",
    "ImportView",
    "ListRefused",
    "choose_columns",
    "export_rows",
    "find_import",
    "list_changes",
    "list_imports",
    "list_kept",
    "list_refused_rows",
    "list_sentences",
    "market_of",
    "pack_folder",
    "receive_list",
    "say_counts",
    "start_applying",
    "start_undoing",
    "work_on_import",
    "write_workbook",
]
