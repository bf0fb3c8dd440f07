"""Runs a NIR graph node by node in float64, Euler steps of dt, reset to 0, firing above the threshold. Shares nothing with ours."""

import numpy as np


def conv2d(x, weight, bias, stride, padding, dilation, groups):
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    x = np.pad(x, ((0, 0), (ph, ph), (pw, pw)))
    out, width, kh, kw = weight.shape
    height = (x.shape[1] - dh * (kh - 1) - 1) // sh + 1
    columns = (x.shape[2] - dw * (kw - 1) - 1) // sw + 1
    result = np.zeros((out, height, columns))
    for o in range(out):
        group = o // (out // groups)
        for y in range(height):
            for z in range(columns):
                window = x[
                    group * width : (group + 1) * width,
                    y * sh : y * sh + dh * (kh - 1) + 1 : dh,
                    z * sw : z * sw + dw * (kw - 1) + 1 : dw,
                ]
                result[o, y, z] = (window * weight[o]).sum() + bias[o]
    return result


def pair(value):
    value = np.asarray(value).reshape(-1)
    return int(value[0]), int(value[-1])


def linear(node, x):
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        return x
    if kind == "Linear":
        return node.weight @ x
    if kind == "Affine":
        return node.weight @ x + node.bias
    if kind == "Scale":
        return x * node.scale
    if kind == "Flatten":
        return x.reshape(-1)
    if kind == "Conv2d":
        return conv2d(
            x,
            node.weight,
            node.bias,
            pair(node.stride),
            pair(node.padding),
            pair(node.dilation),
            int(np.asarray(node.groups)),
        )
    if kind in ("SumPool2d", "AvgPool2d"):
        kernel = pair(node.kernel_size)
        share = 1 if kind == "SumPool2d" else 1 / np.prod(kernel)
        weight = np.full((1, 1, *kernel), share)
        maps = [
            conv2d(x[c : c + 1], weight, [0], pair(node.stride), pair(node.padding), (1, 1), 1) for c in range(len(x))
        ]
        return np.concatenate(maps)
    raise NotImplementedError(kind)


class Neuron:
    def __init__(self, node, dt):
        self.node, self.dt, self.kind = node, dt, type(node).__name__
        self.v = self.i = 0.0

    def __call__(self, x):
        node, dt = self.node, self.dt
        if self.kind == "Threshold":
            return (x > node.threshold).astype(float)
        if self.kind == "IF":
            self.v = self.v + dt * node.r * x
        elif self.kind == "LIF":
            self.v = self.v + dt / node.tau * (node.v_leak - self.v + node.r * x)
        elif self.kind == "CubaLIF":
            self.i = self.i + dt / node.tau_syn * (-self.i + node.w_in * x)
            self.v = self.v + dt / node.tau_mem * (node.v_leak - self.v + node.r * self.i)
        else:
            raise NotImplementedError(self.kind)
        spikes = (self.v > node.v_threshold).astype(float)
        self.v = self.v * (1 - spikes)
        return spikes


def run(graph, frames, dt):
    """Spikes (T, ..) of every neuron node for frames (T, ..), each node after those it listens to, without delays."""
    neurons = {
        n: Neuron(v, dt) for n, v in graph.nodes.items() if type(v).__name__ in ("IF", "LIF", "CubaLIF", "Threshold")
    }
    spikes = {name: [] for name in neurons}
    for frame in frames:
        values = {}

        def value(name, values=values, frame=frame):
            if name not in values:
                before = [a for a, b in graph.edges if b == name]
                x = sum(value(a) for a in before) if before else np.asarray(frame, float)
                values[name] = neurons[name](x) if name in neurons else linear(graph.nodes[name], x)
            return values[name]

        for name in neurons:
            spikes[name].append(value(name))
    return {name: np.stack(found) for name, found in spikes.items()}
