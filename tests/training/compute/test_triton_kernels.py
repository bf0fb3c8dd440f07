"""Every Triton kernel compiles to machine code for GPUs of two generations, which needs no GPU."""

import os
import subprocess
import sys

import pytest

COMPILE = """
import triton
from triton.compiler import ASTSource
from triton.compiler.backends.cuda import CUDABackend
from autosnn_hw.simulate.exact import neurons_cuda as chip
from autosnn_hw.training.compute.kernels import cuda as training

class Compiled(Exception):
    pass

def no_launcher(self, source, metadata):  # it links the driver, which is not there
    raise Compiled

CUDABackend.make_launcher_stub = no_launcher
floats = ["*fp32"]
integrate = ["*i64"] * 4 + ["*u8"] + ["*i32"] * 3 + ["i32", "i32"]
kernels = [(chip._steps, [currents, *integrate], {11: traced, 12: 256}) for currents in ("*i32", "*i64") for traced in (True, False)]
for constant in (True, False):
    kernels.append((training._plif_forward, floats * 4 + ["i32"], {5: 8, 6: constant, 7: 1024}))
    kernels.append((training._plif_backward, floats * 6 + ["i32", "fp32", "fp32"], {9: 8, 10: constant, 11: 1024}))
kernels.append((training._memoryless_forward, floats * 2 + ["i32"], {3: 1024}))
kernels.append((training._memoryless_backward, floats * 3 + ["i32", "fp32", "fp32"], {6: 1024}))
for generation in (80, 90):
    for kernel, signature, constants in kernels:
        source = ASTSource(fn=kernel, signature=dict(enumerate(signature)), constants=constants)
        try:
            triton.compile(source, target=("cuda", generation))
        except Compiled:
            print(kernel.fn.__name__)
"""


@pytest.mark.slow
def test_they_compile(tmp_path):
    triton = pytest.importorskip("triton")
    if not triton.__version__.startswith("2.3"):
        pytest.skip("written for Triton 2.3's compiler")
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    result = subprocess.run([sys.executable, "-c", COMPILE], env=environment, capture_output=True, text=True)
    names = result.stdout.split()
    assert len(names) == 2 * 10, result.stderr[-2000:]
    assert set(names) == {"_steps", "_plif_forward", "_plif_backward", "_memoryless_forward", "_memoryless_backward"}
