"""Format check of style sheets; `--write` formats them."""

import sys

import cssbeautifier

from tools.paths import ROOT


def format_sheets(*, writes: bool) -> list[str]:
    """Return the style sheets that are not formatted; write them if asked."""
    options = cssbeautifier.default_options()
    options.indent_size = 2
    options.end_with_newline = True
    found = []
    for sheet in sorted((ROOT / "static").rglob("*.css")):
        text = sheet.read_text()
        formatted = cssbeautifier.beautify(text, options)
        if formatted != text:
            found.append(str(sheet.relative_to(ROOT)))
            if writes:
                sheet.write_text(formatted)
    return found


def main(words: list[str]) -> int:
    """Name the sheets that ./dev format would change, or change them."""
    writes = "--write" in words
    found = format_sheets(writes=writes)
    for name in found:
        print(f"{name}: {'formatted' if writes else 'run ./dev format'}")
    return 0 if writes else len(found)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
