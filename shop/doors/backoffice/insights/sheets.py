"""The numbers of charts and tables as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import HttpResponse

from shop.doors.backoffice.charts.drawing import Chart
from shop.ground.kernel.sheets import sheet_lines


def answer_sheet(name: str, charts: Iterable[Chart]) -> HttpResponse:
    """Return the tables of charts one below the other as `name`.csv."""
    answer = HttpResponse(sheet_lines(_list_rows(charts)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _list_rows(charts: Iterable[Chart]) -> Iterator[Iterable[object]]:
    for chart in charts:
        yield [chart.title]
        yield chart.headers
        yield from chart.rows
        yield []
