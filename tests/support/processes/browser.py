"""A page in headless Chromium: what it says on the console, and how it looks; and its text without one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"
)


def browse(path, folder, *, width=1280, height=6400, dark=False):
    """Console lines and screenshot of a page in headless Chromium."""
    picture = folder / "page.png"
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr",
        "--v=0", "--allow-file-access-from-files", f"--window-size={width},{height}", "--virtual-time-budget=8000", f"--screenshot={picture}",
        *(["--blink-settings=preferredColorScheme=0"] if dark else []), Path(path).resolve().as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return [line for line in done.stderr.splitlines() if ":CONSOLE" in line], picture


def text_of(page):
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&#39;", "'")


def layout_faults(page, folder, *, width):
    """What layout_check.js says of a page on a screen of a width in pixels; a frame makes it as narrow as a phone."""
    script = (Path(__file__).parent / "layout_check.js").read_text()
    (folder / "checked.html").write_text(page.replace("</body>", f"<script>{script}</script></body>"))
    frame = (
        f"<body style='margin:0'><iframe src='checked.html' style='width:{width}px;height:9000px;border:0'></iframe>"
    )
    (folder / "frame.html").write_text(frame)
    console, _ = browse(folder / "frame.html", folder, width=max(600, width + 20), height=9000)
    said = [found.group(1) for line in console if (found := re.search(r'"CHECK (.*)", source', line))]
    assert said and said[-1] == "done", console
    return said[:-1]
