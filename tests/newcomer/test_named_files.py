"""Every file and folder that a page or a comment names is in the repository, so that whoever looks for it finds it."""

import pytest
from support.documents import named_files
from support.documents.documented_commands import PAGES, ROOT

NOW = [page for page in (*PAGES, ROOT / "CHANGELOG.md") if page.parent.name != "decisions"]  # those are history


@pytest.mark.parametrize("page", NOW, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_folder_that_a_page_names_is_there(page):
    assert named_files.missing(named_files.named(page)) == []
    assert [name for name in named_files.names_in_modules(page) if not named_files.is_in_a_module(name)] == []


def test_every_file_that_a_source_names_is_there():
    sources = [
        path for path in named_files.paths() if path.endswith(".py") and path != "tests/newcomer/test_named_files.py"
    ]
    named = {source: named_files.named_in((ROOT / source).read_text()) for source in sources}
    assert {source: wrong for source, names in named.items() if (wrong := named_files.missing(names))} == {}
    assert sum(map(len, named.values())) > 20


def test_what_is_excused_stands_on_a_page():
    named = {name for page in NOW for name in named_files.named(page)}
    assert [name for name in named_files.NOT_OURS if name not in named or named_files.is_there(name)] == []


def test_names_are_found_where_a_page_has_them(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "`cost/price.py`, `price.py`, `lava/child/`, `targets new chip.toml`, `bounds.EXACT`, `arithmetic/int8.safe`, "
        "RUN/`winner.net`, `$HOME/data`, `layers/<i>/bias`, `neuron/*`, docs/lava.md and tests/cost\n\n"
        "```sh\npython benchmarks/walk.py --out other/file.py\n```\n\n"
        "| file | what it does |\n|---|---|\n| `price.py` | `price` |\n| `cost/columns/` (beside it) | `mesh`, `blocks` |\n"
    )
    assert sorted(named_files.named(page)) == [
        "benchmarks/walk.py", "chip.toml", "cost/columns/", "cost/columns/blocks.py", "cost/columns/mesh.py", "cost/price.py", "docs/lava.md",
        "lava/child/", "price.py", "price.py", "tests/cost",
    ]  # fmt: skip
    assert named_files.names_in_modules(page) == ["bounds.EXACT", "arithmetic/int8.safe"]


@pytest.mark.parametrize(
    "name", ["simulate/lava_child/", "lava_process.py", "crossbar_tiles.py", "tests/search/test_cluster.py", "vity.py"]
)
def test_a_file_that_moved_would_be_found(name):
    assert named_files.missing([name]) == [name]


@pytest.mark.parametrize(
    "name", ["simulate/lava/child/", "lava/child", "process.py", "README.md", "tests/deploy/from_nir"]
)
def test_what_is_there_is_known_by_the_end_of_its_path(name):
    assert named_files.missing([name]) == []


def test_a_constant_that_moved_would_be_found():
    assert not named_files.is_in_a_module("readout.READOUT_GAIN")
    assert not named_files.is_in_a_module("voting_readout.READOUT_GAIN_OF_OLD")
    assert named_files.is_in_a_module("arithmetic/int8.geometry_is_safe")
    assert named_files.is_in_a_module("architecture.BLOCKS")
