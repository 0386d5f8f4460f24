"""Zip files that strangers made: refused before anything in them is unpacked into memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from shop.doors.product_lists.core.problems import BadList

MOST_MEMBERS = 20_000
MOST_UNPACKED = 2 * 2**30
# Pictures and spreadsheets shrink by less; what shrinks by more is made to fill a disk.
MOST_RATIO, RATIO_FROM = 200, 10 * 2**20
CHUNK = 1 << 16


@contextmanager
def open_archive(
    file: IO[bytes], *, most_unpacked: int = MOST_UNPACKED
) -> Iterator[zipfile.ZipFile]:
    """Yield the zip file, its sizes checked as it states them. Raises BadList.

    Reading a member stops at the size stated for it, so that a lie about it is no way around.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadList("not_zip") from error
    with archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise BadList("members", most=MOST_MEMBERS)
        if any(one.flag_bits & 1 for one in members):
            raise BadList("locked")
        unpacked = sum(one.file_size for one in members)
        packed = sum(one.compress_size for one in members)
        is_bomb = unpacked > RATIO_FROM and unpacked > MOST_RATIO * max(packed, 1)
        if unpacked > most_unpacked or is_bomb:
            raise BadList("unpacked", most=most_unpacked // 2**20)
        yield archive


def read_member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return what a member holds. Raises BadList where it is larger than `most` or broken."""
    try:
        with archive.open(name) as member:
            content = member.read(most + 1)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError) as error:
        raise BadList("broken_member", value=name) from error
    if len(content) > most:
        raise BadList("large_member", value=name, most=most // 2**20)
    return content
