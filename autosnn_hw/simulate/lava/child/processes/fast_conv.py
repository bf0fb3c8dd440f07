"""Lava's convolution as one matrix product: what the stock model computes, without its loop over channel pairs."""

from __future__ import annotations

import numpy as np
from lava.magma.core.model.py.ports import IdentityTransformer
from lava.proc.conv.models import PyConvModelFixed
from lava.proc.conv.utils import make_tuple, output_shape

from autosnn_hw.exact_floats import EXACT_IN_FLOAT32, EXACT_IN_FLOAT64
from autosnn_hw.network.chip_layers import WRAP

EXACT = {np.float32: EXACT_IN_FLOAT32, np.float64: EXACT_IN_FLOAT64}


class FastConv(PyConvModelFixed):
    """Chosen through `exception_proc_model_map`, as `@implements` cannot be applied to a subclass.

    Geometry comes from `proc_params`: the stock model keeps it in int8 Vars, which 128 groups overflow.
    """

    def _prepare(self) -> None:
        self.step, self.pad, self.spread = (
            tuple(int(n) for n in make_tuple(self.proc_params[name])) for name in ("stride", "padding", "dilation")
        )
        self.single = len(self.s_in.csp_ports) == 1 and type(self.s_in._transformer) is IdentityTransformer
        self.unary = self.num_message_bits.item() == 0
        groups = int(np.asarray(self.proc_params["groups"]).reshape(-1)[0])
        weight = self.weight[
            :, ::-1, ::-1, :
        ]  # Lava convolves; flipped back it correlates. (Cout, kW, kH, Cin / groups)
        out, self.k_w, self.k_h, inputs = weight.shape
        self.groups_n = groups
        self.depthwise = inputs == 1 and out == groups
        self.reach = int(np.abs(weight.astype(np.int64)).reshape(out, -1).sum(axis=1).max())
        matrix = weight.reshape(groups, out // groups, -1).transpose(0, 2, 1)
        self.matrices = {kind: np.ascontiguousarray(matrix, kind) for kind in EXACT}
        self.taps = {kind: weight[..., 0].transpose(1, 2, 0).astype(kind) for kind in EXACT} if self.depthwise else {}
        self.size = output_shape(
            self.proc_params["input_shape"], out, (self.k_w, self.k_h), self.step, self.pad, self.spread
        )
        width, height = self.proc_params["input_shape"][:2]
        self.padded = {
            kind: np.zeros((width + 2 * self.pad[0], height + 2 * self.pad[1], groups * inputs), kind) for kind in EXACT
        }

    def run_spk(self):
        # The result of a step is sent in the next one, as the stock model does.
        self.a_out.send(self.a_buf)  # type: ignore[has-type]
        if not hasattr(self, "reach"):
            self._prepare()
        # A connection of its own is read as it is; PyInPort.recv adds what several would send, in two more passes.
        spikes = self.s_in.csp_ports[0].recv() if self.single else self.s_in.recv()
        if self.unary:
            spikes = spikes != 0
            largest = int(spikes.any())
        else:
            largest = int(np.abs(spikes.astype(np.int64)).max())
        if largest == 0:
            self.a_buf = np.zeros(self.size, np.int32)
            return
        kind = np.float32 if largest * self.reach < EXACT[np.float32] else np.float64
        sums = self._convolve(spikes, kind)
        if largest * self.reach < WRAP:
            self.a_buf = sums.astype(np.int32)
        else:
            self.a_buf = self.clamp_precision(sums.astype(np.int64)).astype(np.int32)

    def _convolve(self, spikes, kind):
        padded = self.padded[kind]
        width, height = spikes.shape[:2]
        padded[self.pad[0] : self.pad[0] + width, self.pad[1] : self.pad[1] + height] = spikes
        out_w, out_h, out = self.size
        if self.depthwise:
            return self._depthwise(padded, kind)
        s = padded.strides
        windows = np.lib.stride_tricks.as_strided(
            padded,
            (out_w, out_h, self.k_w, self.k_h, padded.shape[2]),
            (s[0] * self.step[0], s[1] * self.step[1], s[0] * self.spread[0], s[1] * self.spread[1], s[2]),
        )
        if self.groups_n == 1:
            return (windows.reshape(out_w * out_h, -1) @ self.matrices[kind][0]).reshape(out_w, out_h, out)
        grouped = windows.reshape(out_w * out_h, self.k_w * self.k_h, self.groups_n, -1).transpose(2, 0, 1, 3)
        sums = np.matmul(grouped.reshape(self.groups_n, out_w * out_h, -1), self.matrices[kind])
        return sums.transpose(1, 0, 2).reshape(out_w, out_h, out)

    def _depthwise(self, padded, kind):
        out_w, out_h, out = self.size
        sums = np.zeros((out_w, out_h, out), kind)
        for i in range(self.k_w):
            for j in range(self.k_h):
                x, y = i * self.spread[0], j * self.spread[1]
                window = padded[
                    x : x + self.step[0] * (out_w - 1) + 1 : self.step[0],
                    y : y + self.step[1] * (out_h - 1) + 1 : self.step[1],
                ]
                sums += window * self.taps[kind][i, j]
        return sums
