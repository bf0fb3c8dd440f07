"""Neurons on CUDA: one Triton kernel that takes all steps of a neuron in registers; plain torch where Triton is not there."""

# No postponed annotations here: Triton's interpreter, in which the kernel is tested without a GPU, reads `tl.constexpr`
# as an object.

import torch

from autosnn_hw.network import Layer
from autosnn_hw.simulate.exact import reference
from autosnn_hw.simulate.exact.neuron_kernel import parameters

try:
    import triton
    import triton.language as tl
except ImportError:  # torch builds for CPUs and other systems come without it
    triton = None

_BLOCK = 256

if triton is not None:

    @triton.jit
    def _steps(  # type: ignore[no-untyped-def]
        currents,
        keep_u,
        keep_v,
        threshold,
        bias,
        spikes,
        final_v,
        u_out,
        v_out,
        neurons,
        steps,
        traced: tl.constexpr,
        block: tl.constexpr,
    ):
        """Program (i, n): neurons i * block .. of sample n. Products reach 2^35, hence 64 bits. Constants are
        written out, as Triton reads no globals: see `neurons._integrate`.

        Nothing but spikes and the last v is written where u and v are not `traced`: the kernel is bound by memory.
        """
        j = tl.program_id(0) * block + tl.arange(0, block)
        inside = j < neurons
        sample = tl.program_id(1).to(tl.int64)
        kept_u = tl.load(keep_u + j, mask=inside, other=0)
        kept_v = tl.load(keep_v + j, mask=inside, other=0)
        limit = tl.load(threshold + j, mask=inside, other=0)
        offset = tl.load(bias + j, mask=inside, other=0)
        u = tl.zeros([block], tl.int64)
        v = tl.zeros([block], tl.int64)
        for step in range(steps):
            place = (sample * steps + step) * neurons + j
            a = tl.load(currents + place, mask=inside, other=0).to(tl.int64)
            product = u * kept_u
            decayed = (product + ((product >> 63) & 4095)) >> 12
            u = (decayed + (a * 64).to(tl.int32).to(tl.int64)).to(tl.int32).to(tl.int64)
            u = tl.where(u > 8388608, u - 16777216, tl.where(u <= -8388608, u + 16777216, u))
            product = v * kept_v
            decayed = (product + ((product >> 63) & 4095)) >> 12
            v = (decayed + u + offset).to(tl.int32).to(tl.int64)
            v = tl.where(v > 8388607, 8388607, tl.where(v < -8388607, -8388607, v))
            fired = v > limit
            v = tl.where(fired, 0, v)
            tl.store(spikes + place, fired.to(tl.uint8), mask=inside)
            if traced:
                tl.store(u_out + place, u.to(tl.int32), mask=inside)
                tl.store(v_out + place, v.to(tl.int32), mask=inside)
        tl.store(final_v + sample * neurons + j, v.to(tl.int32), mask=inside)


def integrate_on_cuda(
    layer: Layer, currents: torch.Tensor, states: bool = True
) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None, torch.Tensor]:
    """As `reference.integrate`, for currents int32 or int64 (N, T, *shape) on a CUDA device.

    Args:
        states: u and v of every step are wanted.

    Returns:
        spikes uint8, u and v int32 likewise or None, v after the last step int32 (N, *shape).
    """
    if triton is None:
        run = reference.integrate(layer, currents.to(torch.int64))
        return run.spikes, run.u if states else None, run.v if states else None, run.v[:, -1]
    currents = currents.contiguous()
    samples, steps = currents.shape[:2]
    neurons = currents[0, 0].numel()
    spikes = torch.empty_like(currents, dtype=torch.uint8)
    final_v = torch.empty_like(currents[:, 0], dtype=torch.int32)
    u, v = (torch.empty_like(currents if states else final_v[:0], dtype=torch.int32) for _ in range(2))
    grid = (triton.cdiv(neurons, _BLOCK), samples)
    read = [torch.as_tensor(values, device=currents.device) for values in parameters(layer)]
    _steps[grid](currents, *read, spikes, final_v, u, v, neurons, steps, traced=states, block=_BLOCK)
    return spikes, u if states else None, v if states else None, final_v
