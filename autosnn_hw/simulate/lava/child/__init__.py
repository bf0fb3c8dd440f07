"""What runs inside the process that runs Lava. Lava is imported here and nowhere else.

Nothing in the caller's process imports these modules; `autosnn_hw.simulate.lava.process` starts `worker` and talks to it.
"""
