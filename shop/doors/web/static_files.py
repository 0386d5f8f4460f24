"""Style sheets and scripts are written legibly; they are sent without comments and indentation."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Folders of our own: what packages bring is sent as it came.
OURS = ("css/", "js/", "backoffice/")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BESIDE_MARK = re.compile(r"\s*([{};,])\s*")
_COMMENT_LINES = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)
_LINE_EDGES = re.compile(r"\s*\n\s*")


class ShortStaticFiles(CompressedManifestStaticFilesStorage):
    """Stores our sheets and scripts short, under a name of what they hold, compressed beside it."""

    def _save(self, name: str, content: Any) -> str:
        shorten = {"css": shorten_sheet, "js": shorten_script}.get(name.rpartition(".")[2])
        if shorten is None or not name.startswith(OURS):
            return str(super()._save(name, content))
        # By chunks, from its beginning: whoever made the name has read the file to its end.
        text = b"".join(content.chunks()).decode()
        return str(super()._save(name, ContentFile(shorten(text).encode())))


def shorten_sheet(text: str) -> str:
    """Return a style sheet on one line.

    >>> shorten_sheet("/* a note */\\n.a,\\n.b > c {\\n  margin: 0 1px;\\n  color: red;\\n}\\n")
    '.a,.b > c{margin: 0 1px;color: red}'
    """
    bare = _BESIDE_MARK.sub(r"\1", _COMMENT.sub("", text))
    return re.sub(r"\s+", " ", bare).replace(";}", "}").strip()


def shorten_script(text: str) -> str:
    """Return a script without lines that are comments, without indentation; its lines stay lines.

    >>> shorten_script("/* a\\n   note */\\nif (a) {\\n  b(); // why\\n  // not\\n}\\n")
    'if (a) {\\nb(); // why\\n}'
    """
    return _LINE_EDGES.sub("\n", _COMMENT_LINES.sub("", text)).strip()
