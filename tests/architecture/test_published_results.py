"""What the paper has for a network is the same in every table that has this network."""

from autosnn_hw.architecture.published_results import BLOCKS, DESIGN, REGULARISATION, published


def test_tables_that_share_a_network_share_its_numbers():
    for name, known in BLOCKS.items():
        assert REGULARISATION[name] == known == DESIGN.get(name, known)
    rates = {
        table: published(table, "cifar10", "SNN_1_SRB_k3")["firing_rate"] for table in ("design", "regularisation")
    }
    assert rates == {"design": 0.17, "regularisation": 0.17}
    assert published("regularisation", "cifar10", "SNN_1_SIB_k3_e1")["firing_rate"] == 0.23


def test_the_rates_that_the_paper_does_not_have_stay_unknown():
    assert published("design", "cifar10", "SNN_2_SRB_k3")["firing_rate"] is None
    assert published("regularisation", "cifar10", "SNN_1_SRB_k3, lambda_reg 0.1")["firing_rate"] is None
