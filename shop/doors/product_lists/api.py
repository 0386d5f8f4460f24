"""Public interface of product lists, and the parts that other kinds of lists use."""

from __future__ import annotations

from shop.doors.product_lists.core.cells import Value, write_cell, write_size
from shop.doors.product_lists.core.columns import (
    COLUMNS,
    PRODUCTS,
    Column,
    Kind,
    ListKind,
    guess_fields,
    market_of,
)
from shop.doors.product_lists.core.differences import Outcome, Verdict
from shop.doors.product_lists.core.documents import FIELDS, OWN_FIELDS
from shop.doors.product_lists.core.doubts import count_doubtful
from shop.doors.product_lists.core.kept import write_sheet
from shop.doors.product_lists.core.many import ManyChange, What
from shop.doors.product_lists.core.problems import BadList, Problem
from shop.doors.product_lists.core.rows import Currencies, ListedProduct, ListRow, read_rows
from shop.doors.product_lists.core.text import Sheet
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.pictures import PictureBox, pack_folder
from shop.doors.product_lists.selectors.exporting import export_rows
from shop.doors.product_lists.selectors.imports import (
    Change,
    ImportView,
    ReadList,
    find_file,
    find_import,
    list_cells,
    list_changes,
    list_imports,
    list_kept,
    list_problems,
    list_refused,
    list_refused_rows,
    list_sentences,
    open_sheet,
)
from shop.doors.product_lists.selectors.snapshots import SoldProduct, show_products
from shop.doors.product_lists.sentences import say_doubt, say_problem, say_reason
from shop.doors.product_lists.services.approving import approve_list, send_back_list
from shop.doors.product_lists.services.checking import Judged, ListWorker
from shop.doors.product_lists.services.documents import ProductRefused, PutProduct, put_product
from shop.doors.product_lists.services.many import ask_for_prices, check_many_again, start_many
from shop.doors.product_lists.services.uploading import (
    BELOW_COST_PRICES,
    ListRefused,
    bound_token,
    choose_columns,
    receive_list,
    start_applying,
    start_undoing,
)
from shop.doors.product_lists.services.working import PRODUCT_LISTS, work_on_import, work_on_imports
from shop.doors.product_lists.words import name_change, say_counts, say_doubts
from shop.doors.product_lists.workbooks import read_sheet, write_workbook

__all__ = [
    "BELOW_COST_PRICES",
    "COLUMNS",
    "FIELDS",
    "OWN_FIELDS",
    "PRODUCTS",
    "PRODUCT_LISTS",
    "BadList",
    "Change",
    "Column",
    "Currencies",
    "ImportView",
    "Judged",
    "Kind",
    "ListKind",
    "ListRefused",
    "ListRow",
    "ListWorker",
    "ListedProduct",
    "ManyChange",
    "Outcome",
    "PictureBox",
    "Problem",
    "ProductImport",
    "ProductImportRow",
    "ProductRefused",
    "PutProduct",
    "ReadList",
    "Sheet",
    "SoldProduct",
    "Value",
    "Verdict",
    "What",
    "approve_list",
    "ask_for_prices",
    "bound_token",
    "check_many_again",
    "choose_columns",
    "count_doubtful",
    "export_rows",
    "find_file",
    "find_import",
    "guess_fields",
    "list_cells",
    "list_changes",
    "list_imports",
    "list_kept",
    "list_problems",
    "list_refused",
    "list_refused_rows",
    "list_sentences",
    "market_of",
    "name_change",
    "open_sheet",
    "pack_folder",
    "put_product",
    "read_rows",
    "read_sheet",
    "receive_list",
    "say_counts",
    "say_doubt",
    "say_doubts",
    "say_problem",
    "say_reason",
    "send_back_list",
    "show_products",
    "start_applying",
    "start_many",
    "start_undoing",
    "work_on_import",
    "work_on_imports",
    "write_cell",
    "write_sheet",
    "write_size",
    "write_workbook",
]
