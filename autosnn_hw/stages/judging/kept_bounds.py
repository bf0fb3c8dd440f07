"""Bounds of a walk's subtrees, kept in the run folder beside what was found there, so that an interrupted walk goes on."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autosnn_hw.files.whole_file import replace
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.genes import Gene
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.stages.judging.walked import part_file


@dataclass(frozen=True)
class KeptBounds:
    """Bounds by the first genes of their subtree.

    Args:
        folder: run folder.
        space: that is walked.
    """

    folder: Path
    space: SearchSpace

    def read(self, first: tuple[Gene, ...]) -> list[CandidateRecord] | None:
        """Records of a subtree, or None where they are not there, or not whole."""
        try:
            documents = json.loads(gzip.decompress(self._file(first).read_bytes()))
            return [CandidateRecord.from_json(document) for document in documents]
        except (OSError, EOFError, ValueError, TypeError, zlib.error):
            return None

    def write(self, first: tuple[Gene, ...], records: Sequence[CandidateRecord]) -> None:
        """Keep the records of a subtree."""
        text = json.dumps([record.to_json() for record in records])
        path = self._file(first)
        path.parent.mkdir(exist_ok=True)
        replace(path, gzip.compress(text.encode(), mtime=0))

    def _file(self, first: tuple[Gene, ...]) -> Path:
        return part_file(self.folder, self.space.digits(first)).with_suffix(".bounds.json.gz")
