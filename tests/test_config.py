"""A search's choices survive their file, and a wrong one is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosnn_hw.config import SearchConfig, from_mapping, read_config
from autosnn_hw.errors import InputError


@given(
    st.integers(1, 64),
    st.floats(-1, 0),
    st.none() | st.integers(1, 500),
    st.sampled_from(["energy", "spikes"]),
    st.booleans(),
)
def test_what_was_written_is_read_back(tmp_path_factory, width, lam, budget, objective, baselines):
    config = SearchConfig(width=width, lam=lam, budget=budget, objective=objective, baselines=baselines)
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(config.to_toml())
    assert read_config(path) == config


@pytest.mark.parametrize(
    "values, words",
    [
        ({"widht": 8}, "unknown key 'widht'"),
        ({"width": "8"}, "width is '8'; int is needed"),
        ({"width": True}, "width is True"),
        ({"width": 0}, "width is 0; at least 1"),
        ({"lam": 0.1}, "lambda is 0.1"),
        ({"objective": "joy"}, "objective is 'joy'; allowed are energy"),
        ({"max_cores": 0}, "max_cores is 0"),
        ({"sharing": "some"}, "sharing is 'some'; allowed are entangled, separate"),
        ({"groupings": "one"}, "groupings is 'one'; allowed are all, fewest"),
        ({"epochs": 3, "warm_up": 4}, "warm_up is 4; 0 to 3"),
        ({"warm_up": -1}, "warm_up is -1; 0 to 15"),
    ],
)
def test_a_wrong_value_is_named(values, words):
    with pytest.raises(InputError, match=words):
        from_mapping(values, "here")


@pytest.mark.parametrize(
    "text", ["", "[serch]\nwidth = 8", "width = 8", "[search", "[search]\nwidth = 8\n[more]\na = 1"]
)
def test_a_file_that_is_no_config_is_refused(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InputError):
        read_config(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="not found"):
        read_config(tmp_path / "none.toml")
