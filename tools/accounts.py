"""System user that runs PostgreSQL, which refuses root."""

import dataclasses
import hashlib
import os
import pwd
import stat
from pathlib import Path

from tools.console import Refusal

FAR_PARENT = Path("/var/lib")


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceUser:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int


def service_user() -> ServiceUser | None:
    """The account for PostgreSQL when we are root, None when we already are somebody else."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise Refusal(
        "PostgreSQL refuses to run as root, and this machine has neither user postgres nor nobody."
    )


def is_reachable(folder: Path) -> bool:
    """Whether any user may walk down to `folder`."""
    return all(
        step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents) if step.is_dir()
    )


def choose_home(folder: Path, user: ServiceUser | None) -> Path:
    """Where server data go: `folder`, or a reachable one when `folder` hides in a private home."""
    if user is None or is_reachable(folder.parent):
        return folder
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:10]
    return FAR_PARENT / f"fairtag-{key}"


def claim(folder: Path) -> None:
    """Make `folder` if absent; refuse one that another user put there."""
    folder.mkdir(parents=True, exist_ok=True)
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
        raise Refusal(
            f"{folder} belongs to another user (was Fairtag started as that user before?): "
            "remove it, or set FAIRTAG_STATE to a folder of your own."
        )
