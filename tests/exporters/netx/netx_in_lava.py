"""Run as a program, in a process that has Lava: what lava-dl makes of NetX files, written into npz files.

    python netx_in_lava.py FOLDER A.net B.net ..

exports slayer networks into FOLDER/slayer, loads A.net, B.net, .. and those (FOLDER/facts.npz), and works out what
Lava uses for the dense matrices in FOLDER/dense.npz (FOLDER/used.npz).
"""

import os
import sys

import numpy as np

INPUT_SHAPE = {"slayer_conv.net": (10, 10, 2)}


def used_by_dense(weight, num_weight_bits, weight_exp):
    """What lava-nc's dense model multiplies spikes with, by its own functions."""
    from lava.utils.weightutils import clip_weights, determine_sign_mode, truncate_weights

    mode = determine_sign_mode(weight)
    weight = truncate_weights(clip_weights(weight, mode, num_bits=8), mode, num_weight_bits)
    return weight * 2.0**weight_exp


def block_facts(block):
    facts = {"shape": np.array(block.shape)}
    neuron = block.neuron
    for name in ("du", "dv", "vth", "bias_mant"):
        facts[name] = np.array(getattr(neuron, name).init)
    if not hasattr(block, "synapse"):
        return facts
    synapse = block.synapse
    if hasattr(synapse, "stride"):
        weight = np.array(synapse.weight.init)  # (Cout, W, H, Cin / groups), flipped
        facts["weight"] = weight.transpose(0, 3, 2, 1)[:, :, ::-1, ::-1]
        for name in ("stride", "padding", "dilation"):
            facts[name] = np.array(getattr(synapse, name).init).astype(int)[::-1]
        facts["groups"] = np.array(synapse.groups.init)
    else:
        params = synapse.proc_params
        facts["weight"] = used_by_dense(
            np.array(synapse.weights.init), params.get("num_weight_bits", 8), params.get("weight_exp", 0)
        )
        if hasattr(synapse, "delays"):
            facts["delay"] = np.array(synapse.delays.init)
    return facts


def load(out, paths):
    from lava.lib.dl import netx

    facts = {}
    for path in paths:
        network = netx.hdf5.Network(net_config=path, input_shape=INPUT_SHAPE.get(os.path.basename(path)))
        for index, block in enumerate(network.layers):
            for name, value in block_facts(block).items():
                facts[f"{path}:{index}:{name}"] = value
        network.net_config.f.close()
    np.savez(out, **facts)


def export_slayer(folder):
    import h5py
    import lava.lib.dl.slayer as slayer
    import torch

    cuba = {"threshold": 1.25, "current_decay": 0.25, "voltage_decay": 0.03}
    normed = {**cuba, "norm": slayer.neuron.norm.MeanOnlyBatchNorm}
    unshared = {**cuba, "shared_param": False}
    block = slayer.block.cuba
    networks = {
        "conv": (
            [block.Conv(cuba, 2, 6, 3, padding=1, stride=2), block.Conv(normed, 6, 4, (3, 1), groups=2),
             block.Flatten(), block.Dense(cuba, 4 * 3 * 5, 7, delay=True), block.Dense(unshared, 7, 5)],
            (2, 10, 10),
        ),
        "input": ([block.Input(cuba, weight=1, bias=1), block.Dense(normed, 12, 9, weight_norm=True),
                   block.Dense(cuba, 9, 3)], (12,)),
        "affine": ([block.Dense(cuba, 12, 9), block.Affine(cuba, 9, 3)], (12,)),
        "pool": ([block.Conv(cuba, 2, 6, 3), block.Pool(cuba, 2)], (2, 10, 10)),
    }  # fmt: skip
    torch.manual_seed(0)
    os.makedirs(folder)
    for name, (blocks, shape) in networks.items():
        x = (torch.rand(2, *shape, 20) < 0.4).float()
        for part in blocks:
            x = part(x)
            if getattr(part, "delay", None) is not None:
                values = part.delay.delay.data
                values[:] = torch.arange(values.numel()).reshape(values.shape) + 2.5
        with h5py.File(os.path.join(folder, f"slayer_{name}.net"), "w") as f:
            for index, part in enumerate(blocks):
                part.export_hdf5(f.create_group(f"layer/{index}"))


def dense(out, given):
    from lava.lib.dl.netx.utils import optimize_weight_bits

    results = {}
    for name, weight in np.load(given).items():
        shifted, bits, exponent, _ = optimize_weight_bits(weight.copy())
        results[name] = used_by_dense(shifted.astype(np.int32), bits, exponent)
    np.savez(out, **results)


if __name__ == "__main__":
    folder, paths = sys.argv[1], sys.argv[2:]
    export_slayer(f"{folder}/slayer")
    loadable = [f"{folder}/slayer/slayer_{name}.net" for name in ("conv", "input", "affine")]
    load(f"{folder}/facts.npz", paths + loadable)
    dense(f"{folder}/used.npz", f"{folder}/dense.npz")
