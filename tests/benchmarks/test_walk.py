"""The super-network that walk.py walks for AutoSNN-16 is one that the tool reads."""

import walk

from autosnn_hw.search.space import search_space
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet


def test_an_untrained_super_network_is_read_back(tmp_path):
    space = search_space("SNN_1", width=2, timesteps=3)
    walk.random_supernet(space, tmp_path / "supernet.safetensors")
    network = load_supernet(tmp_path / "supernet.safetensors")
    assert (network.width, network.timesteps, network.image, network.classes) == (2, 3, (3, 32, 32), 10)
