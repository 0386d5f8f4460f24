"""Pictures that came with a list: a zip file, found by the names that cells give them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from shop.doors.product_lists.archives import open_archive, read_member
from shop.doors.product_lists.core.problems import BadList
from shop.ground.catalog.core.pictures import looks_like_picture

MOST_PICTURE = 20 * 2**20
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class PictureBox:
    """The pictures of one zip file. A name is a path in it, or the file's own name."""

    archive: zipfile.ZipFile | None = None
    members: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> str | None:
        """Return the member a cell names, capital letters not minded; None where there is none."""
        plain = name.replace("\\", "/").strip().casefold()
        return self.members.get(plain) or self.members.get(plain.rpartition("/")[2])

    def looks_right(self, name: str) -> bool:
        """Whether a picture can be read and begins as one."""
        try:
            content = self.read(name)
        except BadList:
            return False
        return content is not None and looks_like_picture(content[:12])

    def read(self, name: str) -> bytes | None:
        """Return a picture as it was uploaded. Raises BadList where it is too large or broken."""
        member = self.find(name)
        if member is None or self.archive is None:
            return None
        return read_member(self.archive, member, MOST_PICTURE)


@contextmanager
def open_box(file: IO[bytes] | None) -> Iterator[PictureBox]:
    """Yield the pictures of a zip file, or an empty box. Raises BadList."""
    if file is None:
        yield PictureBox()
        return
    with file, open_archive(file) as archive:
        members: dict[str, str] = {}
        for one in archive.infolist():
            name = one.filename.replace("\\", "/").casefold()
            hidden = PurePosixPath(name).name.startswith(".") or name.startswith("__macosx/")
            if not one.is_dir() and not hidden:
                members[name] = one.filename
                members.setdefault(name.rpartition("/")[2], one.filename)
        yield PictureBox(archive, members)


def pack_folder(folder: Path, file: IO[bytes]) -> None:
    """Write the pictures of a folder into a zip file, as they are."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix.lower() in SUFFIXES:
                archive.write(path, path.relative_to(folder).as_posix())
    file.seek(0)
