"""Which data sets `--download` fetches, and what is said of it where another is missing."""

from __future__ import annotations

from autosnn_hw.errors import InputError

FETCHED = ("mnist", "fashion-mnist", "cifar10", "cifar100", "svhn", "cifar10-dvs", "dvs128-gesture")
NOT_FETCHED = ("tiny-imagenet", "nmnist", "folder", "npz")  # whose files have to be there


def not_fetched(name: str, refusal: InputError) -> InputError:
    """The refusal of a data set, which says that `--download` could not help where it was asked for.

    Args:
        name: of the data set, as it was given.
    """
    kind = name.partition(":")[0]
    if kind not in NOT_FETCHED:
        return refusal
    own = f"{kind}:PATH" if kind in ("folder", "npz") else kind
    return InputError(f"{str(refusal).rstrip('.')}; --download does not fetch {own}, but {', '.join(FETCHED)} alone.")
