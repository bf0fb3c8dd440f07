"""Runs a NetX file in Lava's CPU simulator and compares it with what the file says of its sample images.

Lava alone (lava-nc 0.10.0, lava-dl 0.6.0, h5py, numpy), nothing of autosnn-hw: streams the images or frames in check/images, prints
a line a sample, exits 0 if every layer's spikes and every prediction are the file's own, 4 if any differ, 2 without a
usable file. Usage: python winner_in_lava.py [FILE.net], by default the file beside this script.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

NETWORK = "winner.net"
MESSAGE_BITS = 8  # of graded spikes
STEM_LIMIT = 4095  # 13 bit signed bias mantissa


def encode(encoder, images):
    """Images (N, Cin, H, W) to the stem neurons' integer inputs (N, C, H', W')."""
    weight, bias, multiplier = (encoder[name][()].astype(np.int64) for name in ("weight", "bias", "multiplier"))
    shift, stride, padding = int(encoder["shift"][()]), encoder["stride"][()], encoder["padding"][()]
    if "table" in encoder:
        table = encoder["table"][()].astype(np.int64)
        levels = np.stack([table[c][images[:, c]] for c in range(images.shape[1])], axis=1)
    else:
        scale = encoder["scale"][()].reshape(1, -1, 1, 1)
        levels = np.rint(images.astype(np.float32) * scale).astype(np.int64)
    padded = np.pad(levels, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (1, 1, *weight.shape[2:]))[..., 0, 0, :, :]
    sums = np.einsum("nchwij,ocij->nohw", windows[:, :, :: stride[0], :: stride[1]], weight, optimize=True)
    column = (1, -1, 1, 1)
    scaled = (sums + bias.reshape(column)) * multiplier.reshape(column) + ((1 << shift) >> 1)
    return np.clip(scaled >> shift, -STEM_LIMIT, STEM_LIMIT)


def read(path):
    """Inputs (N, T, C, H, W) step by step, whether neurons take them, bits of their messages (0 for spikes), the bias or None, labels, voters a class, and the
    expected spikes and predictions."""
    with h5py.File(path, "r") as file:
        ours = file["autosnn_hw"]
        check, stem = ours["check"], ours["layers/0"]
        if "readout/accumulates" in ours and ours["readout/accumulates"][()]:
            raise ValueError("its readout accumulates instead of firing")
        driven, inputs = "neuron" in file["layer/0"], check["images"][()]
        if "encoder" in ours:
            inputs = encode(ours["encoder"], inputs)
        if driven:  # held over the sample; else they are frames of spikes
            inputs = np.repeat(inputs[:, None], int(ours.attrs["timesteps"]), axis=1)
        return (
            inputs.astype(np.int64),
            driven,
            MESSAGE_BITS if "payload" in stem else 0,
            stem["bias"][()] if "bias" in stem else None,
            check["labels"][()],
            int(ours["readout/voters"][()]) if "readout" in ours else 1,
            check["spikes"][()],
            check["predictions"][()],
        )


def measure(path, inputs, driven, bits, bias):
    """Run Lava: spikes of each layer and sample, and of each readout neuron and sample."""
    from lava.lib.dl import netx
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.dense.process import Dense
    from lava.proc.io import sink, source

    (samples, timesteps), late = inputs.shape[:2], int(not driven)  # frames meet synapses, which hold them for a step
    net = netx.hdf5.Network(net_config=str(path), input_message_bits=bits, reset_interval=timesteps, reset_offset=late)
    if bias is not None:  # NetX does not apply the bias of an input entry
        shape = net.in_layer.neuron.s_out.shape
        net.in_layer.neuron.bias_mant.init = np.broadcast_to(bias.T, shape).astype(np.int32)
    steps = samples * timesteps + len(net) + 1 + late
    stream = np.zeros((*inputs.shape[:1:-1], steps), np.int32)  # (W, H, C, step)
    stream[..., : samples * timesteps] = inputs.reshape(-1, *inputs.shape[2:]).T
    source.RingBuffer(data=stream).s_out.connect(net.in_layer.neuron.a_in if driven else net.inp)
    sums = []
    for layer in net.layers:  # a row of ones counts a layer's spikes; its sum arrives one step later
        neurons = int(np.prod(layer.out.shape))
        row, total = Dense(weights=np.ones((1, neurons), int)), sink.RingBuffer(shape=(1,), buffer=steps)
        layer.out.reshape((neurons,)).connect(row.s_in)
        row.a_out.connect(total.a_in)
        sums.append(total)
    readout = sink.RingBuffer(shape=net.layers[-1].out.shape, buffer=steps)
    net.layers[-1].out.connect(readout.a_in)
    # The tag: without it Lava silently picks float models. The channel size: 64 slots, the default, can fill /dev/shm.
    net.run(
        condition=RunSteps(num_steps=steps),
        run_cfg=Loihi2SimCfg(select_tag="fixed_pt"),
        compile_config={"pypy_channel_size": 2},
    )

    def per_sample(values, start):  # layer i runs i steps behind
        start += late
        return values[..., start : start + samples * timesteps].reshape(-1, samples, timesteps).sum(axis=2)

    spikes = np.concatenate([per_sample(total.data.get(), i + 1) for i, total in enumerate(sums)])
    outputs = per_sample(readout.data.get(), len(sums) - 1)
    net.stop()
    net.net_config.f.close()
    return spikes.astype(int), outputs.astype(int)


def main(path):
    try:
        inputs, driven, bits, bias, labels, voters, expected, predictions = read(path)
    except (OSError, KeyError, ValueError) as error:
        print(f"{path} cannot be checked: {error}", file=sys.stderr)
        return 2
    spikes, outputs = measure(path, inputs, driven, bits, bias)
    votes = outputs.reshape(-1, voters, len(inputs)).sum(axis=1)
    predicted = votes.argmax(axis=0)
    for n, label in enumerate(labels):
        differs = (
            "" if np.array_equal(spikes[:, n], expected[:, n]) and predicted[n] == predictions[n] else " DIFFERENT"
        )
        print(f"sample {n}: label {label} predicted {predicted[n]} spikes {spikes[:, n].sum()}{differs}")
    same = np.array_equal(spikes, expected) and np.array_equal(predicted, predictions)
    print("spikes and predictions equal the file's" if same else "spikes or predictions DIFFER from the file's")
    return 0 if same else 4


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / NETWORK))
