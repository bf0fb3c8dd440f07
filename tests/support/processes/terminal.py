"""What a renderable looks like on a terminal."""

import io

from rich.console import Console


def shown(renderable, width=160):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(renderable)
    return console.file.getvalue()
