"""The repository as a newcomer has it: its files in a folder of their own, and an environment there that is already installed."""

from __future__ import annotations

import os
import shutil
import signal
import site
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.documents.documented_commands import ROOT, Block, typed

# As pip writes it: worker processes import it again, and must not run it.
SCRIPT = """#!{python}
from {call} import main

if __name__ == "__main__":
    main()
"""


class FreshCopy:
    """A copy of the repository's files, with `.venv` made from the packages of the Python that runs the tests.

    Args:
        folder: must not exist. What numba has compiled comes along, since compiling shows nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
        kept = [path.relative_to(ROOT) for path in (ROOT / "autosnn_hw").rglob("__pycache__/*.nb[ic]")]
        for name in (*filter(None, names), *kept):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        self._install()

    def _install(self) -> None:
        environment = self.folder / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
        (packages,) = environment.glob("lib/python*/site-packages")
        (packages / "copy.pth").write_text("\n".join([str(self.folder), *site.getsitepackages()]) + "\n")
        for name, call in {"autosnn-hw": "autosnn_hw.cli", "optuna-dashboard": "optuna_dashboard._cli"}.items():
            script = environment / "bin" / name
            script.write_text(SCRIPT.format(python=f"{environment}/bin/python", call=call))
            script.chmod(0o755)
        (environment / ".installed").touch()

    def shell(self, script: str, *, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a script by bash in the copy, or in `folder`, with its environment activated; stderr joins stdout."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        path = f"{self.folder}/.venv/bin:{inherited['PATH']}"
        command = ["bash", "-euo", "pipefail", "-c", script]
        with subprocess.Popen(
            command,
            cwd=folder or self.folder,
            env={**inherited, "PATH": path, "HOME": str(self.folder), "MPLBACKEND": "agg"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate()
            except BaseException:  # a test's time is over: what it started ends with it
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(command, process.returncode, said)

    def follow(
        self, block: Block, *, folder: Path | None = None, left_out: Callable[[str], object] = lambda _: None
    ) -> None:
        """Do what a block of a page says, line by line: each ends as it should (exit code 0, no traceback).

        Args:
            left_out: true of a line that is not run.
        """
        python = block.language == "python"
        for script in [f"python - <<'END_OF_BLOCK'\n{block.text}\nEND_OF_BLOCK"] if python else typed(block):
            if not python and left_out(script):
                continue
            done = self.shell(script, folder=folder)
            assert done.returncode == 0 and "Traceback" not in done.stdout, f"{script}\n{done.stdout[-3000:]}"
