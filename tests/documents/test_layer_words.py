from autosnn_hw.documents.layer_words import kind_of, role_of
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer, Role


def test_a_layer_of_pool_channels_alone_is_a_pool_unless_it_is_the_last():
    neuron = CubaNeuron(25, 1024)

    def pool(name):
        return ConvLayer(name, (1, 2, 2), [[[[30]]]], neuron, roles=[Role.POOL])

    network = ChipNetwork((InputLayer("in", (1, 2, 2), neuron), pool("p"), pool("last")))
    assert [role_of(layer, network) for layer in network.layers] == ["block", "pool", "readout"]
    assert [kind_of(layer) for layer in network.layers] == ["input", "conv", "conv"]
