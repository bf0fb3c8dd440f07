"""A PostgreSQL server of a test's own, where one is installed: it listens on a socket in its own folder only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of Debian's initdb and pg_ctl, newest version first, or of those on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    path = found[-1] if found else shutil.which("initdb")
    return None if path is None else Path(path).parent


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database, for SQLAlchemy with psycopg; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="autosnn-hw-postgres-"))
    user = "postgres" if os.getuid() == 0 else None  # PostgreSQL never runs as root
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    data, control = folder / "data", programs() / "pg_ctl"

    def call(*command: object) -> None:
        subprocess.run([*map(str, command)], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)

    try:
        call(programs() / "initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync")
        call(control, "-D", data, "-w", "-l", folder / "log", "-o", f"-k {folder} -h '' -F", "start")
        try:
            yield f"postgresql+psycopg://tester@/postgres?host={folder}"
        finally:
            call(control, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
