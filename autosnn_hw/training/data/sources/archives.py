"""Archives fetched by their address and MD5, and unpacked."""

from __future__ import annotations

from pathlib import Path

from autosnn_hw.errors import RunError


def fetch(address: str, folder: Path, name: str, md5: str) -> None:
    """Fetch one archive into a folder and unpack it there; one that lies there whole is not fetched again.

    Raises:
        RunError: it cannot be fetched or unpacked, or is another than the published one.
    """
    from torchvision.datasets.utils import download_and_extract_archive

    try:
        folder.mkdir(parents=True, exist_ok=True)
        download_and_extract_archive(address, str(folder), filename=name, md5=md5)
    except Exception as error:  # urllib, zipfile, tarfile and torchvision each raise what they like
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise RunError(
            f"{name} could not be fetched from {address} ({reason}); fetch it yourself and unpack it in {folder}."
        ) from error
