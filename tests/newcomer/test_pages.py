"""README and every page, followed literally in a fresh copy: what a block says to type is typed, one line after the other."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image
from support.documents.documented_commands import PAGES, ROOT, blocks
from support.documents.fresh_copy import FreshCopy
from support.documents.not_run import PIECES, why_not

from autosnn_hw.simulate.lava import lava_status

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not lava_status()[0], reason="README and pages run Lava"),
]
RUN = "runs/digits-loihi2-1"
FINISHED = os.environ.get(
    "NEWCOMER_RUN"
)  # a run of `make search` from before, where pages are written and minutes count
OTHERS = [
    page for page in PAGES if page.name not in ("README.md", "tutorial.md") and any(
        block.language in ("sh", "console", "python") for block in blocks(page)
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The copy in which README's first command has been run: every page may count on its run folder."""
    made = FreshCopy(tmp_path_factory.mktemp("newcomer") / "autosnn-hw")
    if FINISHED:
        shutil.copytree(FINISHED, made.folder / RUN)
        return made
    done = made.shell("make search")
    assert done.returncode == 0, done.stdout[-3000:]
    return made


def follow(copy, page):
    for block in blocks(page):
        piece = block.language == "python" and any(line in PIECES for line in block.text.splitlines())
        if block.language in ("sh", "console", "python") and not piece:
            copy.follow(block, left_out=why_not)


def test_the_readme(copy):
    own_data(copy.folder)
    follow(copy, ROOT / "README.md")


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page(copy, page):
    suppose(copy.folder)
    follow(copy, page)


def own_data(folder):
    """mine.npz, which README takes for granted and docs/how-to/your-data.md writes."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 1, 8, 8)).astype(np.uint8), np.arange(60) % 3
    np.savez(folder / "mine.npz", x_train=x[:45], y_train=y[:45], x_test=x[45:], y_test=y[45:])


def suppose(folder):
    """What pages take for granted that a reader has: files of his own under the names that they give them."""
    winner = folder / RUN / "winner.net"
    for name in ("winner.net", "a.net", "b.net"):
        shutil.copy(winner, folder / name)
    for name in ("digits-loihi2-2", "digits-loihi1-1"):
        shutil.copytree(folder / RUN, folder / "runs" / name, dirs_exist_ok=True)
    if not (folder / "RUN").exists():
        (folder / "RUN").symlink_to(folder / RUN)
    for name in ("lif_norse.nir",):
        shutil.copy(ROOT / "tests/data/nir" / name, folder / name)
    for split in ("train", "test"):
        for label, grey in (("dark", 20), ("light", 220)):
            (folder / "images" / split / label).mkdir(parents=True, exist_ok=True)
            for number in range(10):
                Image.new("L", (8, 8), grey + number).save(folder / "images" / split / label / f"{number}.png")
    made_by_pages = (
        *(
            "net.net",
            "lif.net",
            "winner.onnx",
            "mychip.toml",
            "calibrated.toml",
            "measurements.csv",
            "deployed",
            "point",
        ),
        *("golden.npz", "golden.json", "lava.npz", "lava.json"),
    )
    for made in made_by_pages:
        path = folder / made
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    table = blocks(ROOT / "docs/how-to/calibrate.md")[0].text
    (folder / "measurements.csv").write_text(table[table.index("name,") : table.index("END\n")])
