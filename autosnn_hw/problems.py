"""What is wrong with one input, gathered part by part and refused together: one sentence for one problem, else a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from autosnn_hw.errors import InputError

MOST = 40  # lines; a damaged file can have a problem in every node


class SeveralProblems(InputError):
    """An `InputError` that knows its problems one by one, as sentences."""

    def __init__(self, sentences: Sequence[str], what: str) -> None:
        more = [f"{len(sentences) - MOST} more"] if len(sentences) > MOST else []
        head = f"{what} has {len(sentences)} problems:"
        super().__init__(sentences[0] if len(sentences) == 1 else "\n- ".join([head, *sentences[:MOST], *more]))
        self.sentences = tuple(sentences)


class Problems:
    """Problems of one input, in the order in which they are met; one that is met again is there once.

    Args:
        what: has them, in words.
    """

    def __init__(self, what: str = "the graph") -> None:
        self.what = what
        self.sentences: list[str] = []

    def __len__(self) -> int:
        return len(self.sentences)

    def add(self, sentence: str) -> None:
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is refused inside is kept, and goes on behind it."""
        try:
            yield
        except SeveralProblems as several:
            for sentence in several.sentences:
                self.add(sentence)
        except InputError as problem:
            self.add(str(problem))

    def refuse(self) -> None:
        """Refuse the input for all that was gathered.

        Raises:
            SeveralProblems: where there is anything.
        """
        if self.sentences:
            raise SeveralProblems(self.sentences, self.what)
