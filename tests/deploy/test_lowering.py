import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.architecture import SEARCH_BLOCKS
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.deploy.planned_layers import block_units, factorized_reduce
from autosnn_hw.deploy.quantise import EVEN, TERNARY, quantise
from autosnn_hw.deploy.readout_blocks import keep_blocks, readout_mask
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedBlock, FoldedNetwork
from autosnn_hw.network import Role
from autosnn_hw.simulate.stem import encode

blocks = st.sampled_from(SEARCH_BLOCKS)
FORMATS = {"even": EVEN, "ternary": TERNARY}


def spikes_of(network, images, plain):
    """Name -> spikes (N, T, *shape) of every layer, by the plain equations."""
    first = network.input_layer
    x = plain.stem_spikes(first, encode(network.encoder, images), network.timesteps)
    found = {first.name: x}
    for layer in network.layers[1:]:
        x = found[layer.name] = plain.run_layer(layer, x)
    return found


def or_pool(x, side):
    n, t, c, h, w = x.shape
    return (
        x[..., : h // side * side, : w // side * side]
        .reshape(n, t, c, h // side, side, w // side, side)
        .max(axis=(4, 6))
    )


def part(plain, x, conv, k, weights, extra=0, **how):
    """One PLIF layer by itself: its own integers, no relay anywhere."""
    got = quantise(conv, k, weights, **how)
    current = plain.convolve(
        x.reshape(-1, *x.shape[2:]), got.weight, (conv.stride,) * 2, (conv.padding,) * 2, conv.groups
    )
    current = current.reshape(*x.shape[:2], *current.shape[1:])
    return got, current + (extra(got) if callable(extra) else 0)


def expected_block(plain, block, x, weights):
    """Spikes of the block's own neurons, composed of convolution, addition and neuron; the shortcut is added directly."""
    stage = block.stage
    if stage.kind == "max_pool":
        return [or_pool(x, stage.stride)]
    if stage.kind == "skip":
        if not block.convs:
            return []
        conv = factorized_reduce(block.convs) if len(block.convs) == 2 else block.convs[0]
        got, current = part(plain, x, conv, block.k[0], weights)
        return [plain.cuba(current, got.neuron, got.bias.reshape(-1, 1, 1))]
    residual = stage.kind.startswith(("SRB", "SIB"))
    found, y = [], x
    for index, conv in enumerate(block.convs):
        last = index == len(block.convs) - 1
        how = {}
        if residual:
            how = (
                {"shortcut": block.shortcut if block.shortcut is not None else "identity"} if last else {"relays": True}
            )
        got, current = part(plain, y, conv, block.k[index], weights, **how)
        if residual and last:
            flat = x.reshape(-1, *x.shape[2:])
            if block.shortcut is None:
                added = flat * got.identity.reshape(-1, 1, 1)
            else:
                stride = (block.shortcut.stride,) * 2
                added = plain.convolve(flat, got.shortcut, stride, (0, 0), block.shortcut.groups)
            current = current + added.reshape(current.shape)
        y = plain.cuba(current, got.neuron, got.bias.reshape(-1, 1, 1))
        found.append(y)
    return found


def check_network(net, plain, weights, seed=0, samples=3):
    """Every layer of the lowered network against the composition; relays against what they copy. Returns spikes seen."""
    network = lower(net, weights)
    images = np.random.default_rng(seed).integers(0, 256, (samples, *net.image), np.uint8)
    found = spikes_of(network, images, plain)
    x, total = found["stem"], 0
    layers = iter(network.layers[1:-1])
    for block in net.blocks[1:-1]:
        source = x
        for expected in expected_block(plain, block, x, weights):
            layer = next(layers)
            spikes = found[layer.name]
            own = spikes[:, :, layer.roles != Role.RELAY]
            np.testing.assert_array_equal(own, expected, err_msg=layer.name)
            relays = spikes[:, :, layer.roles == Role.RELAY]
            if relays.shape[2]:
                stride = source.shape[-1] // relays.shape[-1]
                np.testing.assert_array_equal(relays, source[..., ::stride, ::stride], err_msg=layer.name)
                assert not layer.bias[layer.roles == Role.RELAY].any()
            x = expected
            total += int(expected.sum())
    assert next(layers, None) is None
    return network, found, total


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[blocks] * 5), st.integers(0, 10**6), st.sampled_from(["even", "ternary"]))
def test_every_layer_equals_its_parts(folded, plain, names, seed, kind):
    net = folded(",".join(names), seed=seed, voters=10)
    _, found, _ = check_network(net, plain, FORMATS[kind], seed)
    assert found["stem"].any()


@pytest.mark.parametrize("kind", ["SIB_k3_e1", "SIB_k3_e3"])
@pytest.mark.parametrize("weights", FORMATS.values(), ids=FORMATS)
def test_an_inverted_block_carries_its_input_through_two_layers(folded, plain, kind, weights):
    net = folded(",".join([kind] * 5), image=(2, 8, 8), voters=10)
    network, _, total = check_network(net, plain, weights)
    assert total > 0
    first = [layer for layer in network.layers if layer.name.startswith("TBD1")]
    assert [int((layer.roles == Role.RELAY).sum()) for layer in first] == [4, 4, 0]


@pytest.mark.parametrize(
    "names",
    ["SRB_k3,SRB_k5,skip,SCB_k3,skip,SRB_k3,SIB_k3_e1,skip", "skip,skip,SRB_k3,SCB_k3,SIB_k3_e3,SRB_k3,skip,SRB_k5"],
)
@pytest.mark.parametrize("weights", FORMATS.values(), ids=FORMATS)
def test_strided_blocks_and_factorized_reduce(folded, plain, names, weights):
    net = folded(names, space="SNN_3", image=(1, 13, 16), voters=10, width=2)
    check_network(net, plain, weights, samples=2)


@pytest.mark.parametrize("weights", FORMATS.values(), ids=FORMATS)
def test_groups_stand_own_then_relay_in_each(folded, plain, weights):
    from autosnn_hw.architecture import Architecture

    architecture = Architecture(
        ("SRB_k3", "SRB_k3", "SRB_k5", "skip", "SRB_k3"), width=8, timesteps=3, groups=(4, 2, 8, 4, 4)
    )
    net = folded(architecture, image=(1, 8, 8), voters=10)
    network, _, total = check_network(net, plain, weights)
    layer = next(layer for layer in network.layers if layer.name == "TBD1.SRB_k3.a")
    assert layer.groups == 4 and layer.roles.tolist() == [0, 0, 1, 1] * 4 and total > 0
    assert network.architecture == "SRB_k3/4,SRB_k3/2,SRB_k5/8,skip/4,SRB_k3/4"


def test_factorized_reduce_is_two_shifted_samplings(plain, folded):
    net = folded("skip,skip,skip,skip,skip,skip,skip,skip", space="SNN_3", image=(1, 16, 16), width=4)
    block = next(block for block in net.blocks if block.stage.stride == 2 and block.convs)
    x = np.random.default_rng(1).integers(0, 2, (2, block.stage.in_shape[0], 16, 16)).astype(float)
    joined = factorized_reduce(block.convs)
    got = plain.convolve(x, joined.weight, (2, 2), (1, 1), 1)
    one = np.einsum("nchw,oc->nohw", x[:, :, ::2, ::2], block.convs[0].weight[:, :, 0, 0])
    two = np.einsum("nchw,oc->nohw", x[:, :, 1::2, 1::2], block.convs[1].weight[:, :, 0, 0])
    np.testing.assert_allclose(got, np.concatenate([one, two], axis=1))


@pytest.mark.parametrize("space", ["SNN_2", "SNN_4"])
def test_average_pools_equal_float_plif_but_for_the_decay(folded, plain, space):
    """The pool alone, float64 against integers; the decay's rounding moves v by less than 1 of 64 S."""
    net = folded("SRB_k3,skip,SCB_k3,SRB_k3,skip", space=space, image=(1, 16, 16))
    network = lower(net)
    x = (np.random.default_rng(0).random((20, 8, 4, 16, 16)) < 0.45).astype(np.int64)
    for block in net.blocks:
        if block.stage.kind not in ("avg_pool", "gap"):
            continue
        (unit,) = block_units(block)
        layer = next(layer for layer in network.layers if layer.name == unit.name)
        source = x[..., : block.stage.in_shape[1], : block.stage.in_shape[2]]
        source = np.concatenate([source] * (block.stage.in_shape[0] // 4), axis=2)
        got = plain.run_layer(layer, source)
        h, w = unit.window
        n, t, c, height, width = source.shape
        mean = source.reshape(n, t, c, height // h, h, width // w, w).mean(axis=(4, 6))
        expected, v = np.zeros_like(got), np.zeros_like(mean[:, 0])
        for step in range(t):
            v = v + (mean[:, step] - v) * unit.k
            expected[:, step] = v >= 1 - 1e-9
            v = np.where(expected[:, step], 0, v)
        assert (got != expected).mean() < 2e-3
        assert (layer.roles == Role.POOL).all()


def test_the_lowered_network_follows_float_plif(folded, plain):
    """Stem and first block against float64 PLIF: the resolution of 8 bits costs few spikes."""
    net = folded("SRB_k3,SRB_k3,skip,skip,SCB_k3", seed=3, image=(2, 16, 16), timesteps=6)
    network = lower(net)
    images = np.random.default_rng(0).integers(0, 256, (8, 2, 16, 16), np.uint8)
    got = spikes_of(network, images, plain)
    x = (images / net.pixel_max - net.pixel_mean.reshape(1, -1, 1, 1)) / net.pixel_std.reshape(1, -1, 1, 1)
    stem, block = net.blocks[0], net.blocks[1]

    def plif(current, k):
        v, spikes = np.zeros_like(current[:, 0]), np.zeros(current.shape, np.int64)
        for t in range(current.shape[1]):
            v = v + (current[:, t] - v) * k
            spikes[:, t] = v >= 1
            v = np.where(spikes[:, t], 0, v)
        return spikes

    def conv(z, c):
        flat = plain.convolve(z.reshape(-1, *z.shape[2:]).astype(float), c.weight, (1, 1), (c.padding,) * 2, 1)
        return (flat + c.bias.reshape(-1, 1, 1)).reshape(*z.shape[:2], *flat.shape[1:])

    spikes = plif(conv(np.repeat(x[:, None], 6, axis=1), stem.convs[0]), stem.k[0])
    assert (spikes != got["stem"]).mean() < 0.01
    exact = got["stem"]
    hidden = plif(conv(exact, block.convs[0]), block.k[0])
    assert (hidden != got["TBD1.SRB_k3.a"][:, :, :4]).mean() < 0.02
    out = plif(conv(got["TBD1.SRB_k3.a"][:, :, :4], block.convs[1]) + exact, block.k[1])
    assert (out != got["TBD1.SRB_k3.b"]).mean() < 0.02


def test_names_roles_and_readout(folded):
    network = lower(folded("SRB_k3,SCB_k5,skip,skip,SRB_k3"), dataset="digits", provenance={"seed": 1})
    assert [layer.name for layer in network.layers] == [
        "stem", "TBD1.SRB_k3.a", "TBD1.SRB_k3.b", "pool1", "TBD2.SCB_k5.a", "TBD2.SCB_k5.b",
        "TBD4.skip", "TBD5.SRB_k3.a", "TBD5.SRB_k3.b", "readout",
    ]  # fmt: skip
    assert [layer.block for layer in network.layers][1:4] == ["TBD1:SRB_k3", "TBD1:SRB_k3", "pool1:max_pool"]
    assert network.readout.classes == 3 and network.readout.voters == 4 and network.timesteps == 4
    assert network.architecture == "SRB_k3,SCB_k5,skip,skip,SRB_k3" and network.dataset == "digits"
    assert network.layers[1].scale > 0 and 0.3 <= network.layers[1].k <= 0.8
    assert network.layers[-1].bias is None and (network.layers[3].weight % 2 == 0).all()


def test_crossbar_readout_reads_blocks_of_128(folded):
    net = folded("skip,skip,skip,skip,skip", image=(1, 12, 12), width=4, voters=10)
    dense = lower(net, TERNARY).layers[-1].weight
    inputs = dense.shape[1]
    blocks = -(-inputs // 128)
    assert blocks > 1
    for neuron in range(len(dense)):
        block = neuron % 10 % blocks
        outside = np.ones(inputs, bool)
        outside[block * 128 : (block + 1) * 128] = False
        assert not dense[neuron, outside].any() and dense[neuron, ~outside].any()
    assert lower(net, "ternary").input_layer.host
    conv = net.blocks[-1].convs[0]
    once = keep_blocks(conv, 3, 10)
    mask = readout_mask(inputs, 3, 10)
    np.testing.assert_array_equal(once.weight, np.where(mask, blocks * conv.weight, 0))
    np.testing.assert_array_equal(keep_blocks(once, 3, 10).weight, once.weight)
    with pytest.raises(InputError, match="voters"):
        lower(folded("skip,skip,skip,skip,skip", image=(1, 12, 12), width=4, voters=1), TERNARY)


def test_bad_floats_and_missing_statistics_are_refused_by_name(folded):
    net = folded("SRB_k3,skip,skip,skip,skip")
    net.blocks[1].convs[1].weight[0, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match=r"TBD1\.SRB_k3\.b.*NaN"):
        lower(net)
    with pytest.raises(InputError, match="stem.*statistics"):
        lower(folded("skip,skip,skip,skip,skip", norm=True))
    with pytest.raises(InputError, match="stem"):
        lower(FoldedNetwork(net.blocks[1:], (2, 8, 8), 4, 3, 4, net.pixel_mean, net.pixel_std))
    block = net.blocks[1]
    with pytest.raises(InputError, match="TBD1.*2 are needed"):
        block_units(FoldedBlock(block.stage, block.convs[:1], None, block.k))
