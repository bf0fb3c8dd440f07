"""Integer arithmetic that training, deploy and the simulators share: compiled loops, exact convolutions, devices."""
