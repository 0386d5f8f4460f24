"""Legal texts as staff type them: paragraphs, headings and lists, never HTML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a text: kind "heading", "paragraph" or "list", and its lines."""

    kind: str
    lines: tuple[str, ...]


def read_blocks(text: str) -> tuple[Block, ...]:
    """Return the parts of a text. A blank line ends a part; "# " begins a heading, "- " an item.

    >>> [one.kind for one in read_blocks("# Returns\\nIn 30 days.\\n\\n- unopened")]
    ['heading', 'paragraph', 'list']
    """
    blocks: list[Block] = []
    is_open = False
    for line in (line.strip() for line in text.splitlines()):
        if not line:
            is_open = False
            continue
        kind, said = _read_line(line)
        if is_open and kind != "heading" and blocks[-1].kind == kind:
            blocks[-1] = Block(kind, (*blocks[-1].lines, said))
        else:
            blocks.append(Block(kind, (said,)))
        is_open = True
    return tuple(blocks)


def _read_line(line: str) -> tuple[str, str]:
    if line.startswith("#") and line.lstrip("#").startswith(" "):
        return "heading", line.lstrip("#").strip()
    if line.startswith(("- ", "* ")):
        return "list", line[2:].strip()
    return "paragraph", line
