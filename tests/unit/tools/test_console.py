"""Progress is told with a total, on a terminal and off it."""

import io

from tools.console import Progress


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_off_a_terminal_each_quarter_is_one_line() -> None:
    stream = io.StringIO()
    progress = Progress("rows", 8, stream=stream)
    for done in range(9):
        progress.show(done)
    assert [line[-3:] for line in stream.getvalue().splitlines()] == [
        "0/8",
        "2/8",
        "4/8",
        "6/8",
        "8/8",
    ]


def test_on_a_terminal_the_bar_is_redrawn_in_place() -> None:
    stream = Terminal()
    progress = Progress("rows", 2, stream=stream)
    progress.show(1)
    progress.show(2)
    progress.close()
    assert stream.getvalue().count("\r") == 2
    assert stream.getvalue().endswith("rows [############################] 2/2\n")


def test_more_than_the_total_is_the_total() -> None:
    stream = io.StringIO()
    Progress("rows", 3, stream=stream).show(7)
    assert stream.getvalue().strip().endswith("3/3")
