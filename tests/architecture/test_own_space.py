"""Spaces of one's own: what a file says is what is searched, in one line that a run keeps; what it cannot say is refused in words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.architecture import BLOCKS, SEARCH_BLOCKS, Architecture, layout
from autosnn_hw.architecture.macro_architectures import SPACES, Macro, in_words, macro, own_macro
from autosnn_hw.architecture.own_space import blocks_of, line, read, resolved
from autosnn_hw.config import read_config
from autosnn_hw.errors import InputError
from autosnn_hw.pipeline import config_for
from autosnn_hw.search.space import search_space

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_space.toml"
blocks = st.lists(st.sampled_from(sorted(BLOCKS)), min_size=1, max_size=4, unique=True)


@st.composite
def spaces(draw):
    """(macro-architecture, blocks of each slot)."""
    slots = draw(st.lists(st.tuples(st.integers(1, 64), st.sampled_from([1, 2])), min_size=1, max_size=8))
    pooled = frozenset(draw(st.sets(st.integers(0, len(slots) - 1))))
    pool = draw(st.sampled_from(["max_pool", "avg_pool"])) if pooled else "max_pool"
    return Macro(tuple(slots), pooled, pool, draw(st.booleans())), tuple(tuple(draw(blocks)) for _ in slots)


@given(spaces())
def test_a_line_says_all_of_a_space(space):
    plan, alternatives = space
    assert own_macro(in_words(plan, alternatives)) == (plan, alternatives)
    assert macro(in_words(plan)) == plan
    assert blocks_of(in_words(plan, alternatives)) == (in_words(plan), alternatives)


def test_a_space_of_one_s_own_that_is_a_known_one_has_its_layout():
    for name in ("SNN_1", "SNN_2", "SNN_3", "SNN_4"):
        text = in_words(SPACES[name])
        names = ",".join(["SRB_k3"] * len(SPACES[name].slots))
        ours, theirs = (Architecture.parse(names, space=space, width=4, timesteps=2) for space in (text, name))
        assert layout(ours, (3, 32, 32), 10) == layout(theirs, (3, 32, 32), 10)


def test_the_example_is_searched_as_it_says(tmp_path):
    config = config_for({"space": str(EXAMPLE), "seed": 3})
    assert (config.width, config.timesteps) == ((4, 8), (2, 4))
    plan, alternatives = blocks_of(config.space)
    space = search_space(plan, width=config.width, timesteps=config.timesteps, blocks=alternatives)
    assert space.size == 3 * 3 * 2 * 2 * 2
    shapes = {stage.name: stage.out_shape for stage in layout(space.largest, (1, 16, 16), 10)}
    assert shapes["TBD1"] == (8, 16, 16) and shapes["pool1"] == (8, 8, 8) and shapes["TBD2"] == (16, 8, 8)
    assert shapes["TBD3"] == (32, 4, 4)
    (tmp_path / "config.toml").write_text(config.to_toml())
    assert read_config(tmp_path / "config.toml") == config


def test_a_config_may_name_a_file_beside_it(tmp_path):
    (tmp_path / "mine.toml").write_text(EXAMPLE.read_text())
    (tmp_path / "config.toml").write_text('[search]\nspace = "mine.toml"\nwidth = 12\n')
    config = read_config(tmp_path / "config.toml")
    assert config.space == line(read(EXAMPLE))
    assert (config.width, config.timesteps) == (12, (2, 4))


def test_what_the_command_line_says_wins():
    assert config_for({"space": str(EXAMPLE), "width": 16, "timesteps": (1, 3)}).width == 16
    assert resolved({"space": "SNN_2", "width": 16}) == {"space": "SNN_2", "width": 16}


PLACED = """pools = ["2.1", "1.3"]
[[slots]]
width = 1
blocks = ["skip"]
[[slots]]
width = 2
blocks = ["skip"]
[[slots]]
width = 2
blocks = ["skip"]
"""


def test_a_file_may_say_where_pools_may_stand_and_the_command_line_wins(tmp_path):
    (tmp_path / "placed.toml").write_text(PLACED)
    assert config_for({"space": str(tmp_path / "placed.toml")}).pools == ("1.2", "1.3")
    assert config_for({"space": str(tmp_path / "placed.toml"), "pools": ("2.3",)}).pools == ("2.3",)
    (tmp_path / "bad.toml").write_text(PLACED.replace("2.1", "2.2"))
    with pytest.raises(InputError, match="pools is '2.2'; every slot may be named once"):
        read(tmp_path / "bad.toml")


def test_a_kind_of_pools_that_no_slot_has_is_refused_where_they_are_placed(tmp_path):
    """The line that a run keeps of a space says the kind behind a slot that has one."""
    path = tmp_path / "average.toml"
    path.write_text('pool = "average"\n' + PLACED)
    with pytest.raises(InputError, match="pool is average, but no slot has one; give a slot `pool = true`"):
        config_for({"space": str(path)})
    path.write_text('pool = "average"\n' + PLACED.replace("width = 1\n", "width = 1\npool = true\n"))
    assert config_for({"space": str(path)}).space.startswith("1C skip | average pool | ")


SAID = """pool = "min"
colour = 3
widths = [0]
[[slots]]
width = 1.5
blocks = ["SRBk3", "skip"]
[[slots]]
blocks = []
stride = 3
[[slots]]
width = 2
blocks = "skip"
"""


def test_everything_that_is_wrong_is_said_a_problem_a_line(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(SAID)
    with pytest.raises(InputError) as refused:
        read(path)
    first, *problems = str(refused.value).splitlines()
    assert first == f"{path} has 9 problems:"
    assert problems[:3] == [
        "- slot 1, width is 1.5; allowed: a whole number",
        f"- slot 1, blocks: 'SRBk3' is unknown; did you mean SRB_k3? Known are {', '.join(BLOCKS)}",
        "- slot 2, width is missing",
    ]
    assert "- colour is unknown; allowed are slots, pool, global_average, widths, timesteps, pools" in problems
    assert "- widths is 0; at least 1 is needed" in problems
    assert "- pool is 'min'; allowed: 'max' or 'average'" in problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "slots is missing"),
        ("slots = []", "slots is a list of 0; allowed: a list of at least 1"),
        ("slots = 3", "slots is 3; allowed: a list"),
        ("slots = [", "TOML"),
        ("slots = [3]", "slot 1 is 3; allowed: a table"),
    ],
)
def test_one_problem_is_one_sentence(tmp_path, text, said):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read(path)


def test_a_file_that_is_missing_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="was not found; the TOML file of a space, or one of SNN_1"):
        config_for({"space": str(tmp_path / "none.toml")})


@pytest.mark.parametrize("space", ["SNN_9", "", "1C", "0C skip", "1C skip | min pool", "max pool | 1C skip", "1C Skip"])
def test_what_is_no_space_is_refused(space):
    with pytest.raises(InputError, match="allowed are SNN_1, SNN_2, SNN_3, or a file"):
        config_for({"space": space})


def test_blocks_of_each_slot_are_its_own():
    space = search_space("1C | 2C", width=4, timesteps=2, blocks=[["skip"], ["SRB_k3", "SRB_k5"]])
    assert list(map(str, space)) == ["skip,SRB_k3", "skip,SRB_k5"]
    with pytest.raises(InputError, match=r"name 1 slots; 1C \| 2C has 2"):
        search_space("1C | 2C", blocks=[SEARCH_BLOCKS])
