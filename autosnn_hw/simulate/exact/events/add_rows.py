"""Adding table rows of int16 sums in vector registers: the inner loop of the event-driven path, written in LLVM's IR.

Eight spikes of a position (the same pixel, eight channels) are one byte pattern, and the weights that a pattern adds up to
are one row of a table, for all kernel columns and output channels at once. A position's spikes so become a few vector
additions, whatever their number. LLVM makes AVX2, AVX-512 or NEON of the 16-lane vectors; numba's own loops keep the sums in
memory and need twice the time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from autosnn_hw.arithmetic.compiled import compiled_pointer

LANES = 16
ROW_BYTES = 2 * LANES
_WORD, _VECTOR = ir.IntType(64), ir.VectorType(ir.IntType(16), LANES)
_GATHER = 0x0102040810204080  # moves the lowest bits of eight bytes into the top byte
_WIDE = (12, 6, 3, 2, 1)
# (registers, words of spikes, bits of a pattern, taps or 0 where they are counted at run time)
_CASES = [(vectors, words, 8, 0) for vectors in _WIDE for words in (4, 2, 1)]
_CASES += [(vectors, words, 4, 0) for vectors in _WIDE for words in (2, 1)]
_UNROLLED = len(_CASES)
_CASES += [(vectors, words, 8, 3) for vectors in (12, 6, 3) for words in (4, 2)]


class _Sweep(NamedTuple):
    """Arguments of `_sweep`: addresses and distances in bytes, see `add_rows`."""

    sums: Any
    step: Any
    pitch: Any
    taps: Any
    words: Any
    words_step: Any
    table: Any
    table_step: Any
    row_bytes: Any
    tap_bytes: Any
    count: Any


def _constant(value: int) -> Any:
    return ir.Constant(_WORD, value)


def _pointer(builder: Any, address: Any, distance: int, kind: Any) -> Any:
    return builder.inttoptr(builder.add(address, _constant(distance)), kind.as_pointer())


def _selected(builder: Any, a: _Sweep, words: Any, table: Any, count: int, bits: int) -> list[Any]:
    """Addresses of the table rows that the next `count` words of spikes select."""
    rows = []
    for k in range(count):
        word = builder.load(_pointer(builder, words, 8 * k, _WORD))
        pattern = builder.lshr(builder.mul(word, _constant(_GATHER)), _constant(56))
        if bits == 8:
            chosen = [(256 * k, pattern)]
        else:
            low, high = builder.and_(pattern, _constant(15)), builder.lshr(pattern, _constant(4))
            chosen = [(32 * k, low), (32 * k + 16, high)]
        for first, index in chosen:
            number = builder.add(index, _constant(first))
            rows.append(builder.add(table, builder.mul(number, a.row_bytes)))
    return rows


def _add(builder: Any, target: Any, sources: list[Any], vectors: int) -> None:
    """The rows at `sources` added to `vectors` registers of sums at `target`."""
    for k in range(vectors):
        place = _pointer(builder, target, ROW_BYTES * k, _VECTOR)
        total = builder.load(place, align=2)
        for source in sources:
            total = builder.add(total, builder.load(_pointer(builder, source, ROW_BYTES * k, _VECTOR), align=2))
        builder.store(total, place, align=2)


def _positions(builder: Any, a: _Sweep, done: Any, vectors: int, words: int, bits: int, taps: int) -> None:
    """Loops over positions and, inside, taps; each tap adds the selected rows to `vectors` registers of sums."""
    entry = builder.block
    position, tap, after = (builder.append_basic_block(name) for name in ("position", "tap", "after"))
    builder.branch(position)

    builder.position_at_end(position)
    outer = [builder.phi(_WORD) for _ in range(4)]
    for phi, start in zip(outer, (_constant(0), a.sums, a.words, a.table)):
        phi.add_incoming(start, entry)
    _, sums, spikes, table = outer
    rows = _selected(builder, a, spikes, table, words, bits)
    builder.branch(tap)

    builder.position_at_end(tap)
    if taps:
        target, sources = sums, rows
        for _ in range(taps):
            _add(builder, target, sources, vectors)
            target = builder.sub(target, a.pitch)
            sources = [builder.add(source, a.tap_bytes) for source in sources]
        builder.branch(after)
    else:
        inner = [builder.phi(_WORD) for _ in range(2 + len(rows))]
        for phi, start in zip(inner, [_constant(0), sums, *rows]):
            phi.add_incoming(start, position)
        _add(builder, inner[1], inner[2:], vectors)
        following = [builder.add(inner[0], _constant(1)), builder.sub(inner[1], a.pitch)]
        following += [builder.add(source, a.tap_bytes) for source in inner[2:]]
        for phi, value in zip(inner, following):
            phi.add_incoming(value, tap)
        builder.cbranch(builder.icmp_signed("<", following[0], a.taps), tap, after)

    builder.position_at_end(after)
    steps = (_constant(1), a.step, a.words_step, a.table_step)
    advanced = [builder.add(phi, distance) for phi, distance in zip(outer, steps)]
    for phi, value in zip(outer, advanced):
        phi.add_incoming(value, after)
    builder.cbranch(builder.icmp_signed("<", advanced[0], a.count), position, done)


@intrinsic
def _sweep(typing_context: Any, case: Any, arguments: Any) -> Any:
    """Run the loops of one of `_CASES`, by its index."""
    signature = types.void(types.int64, types.UniTuple(types.int64, len(_Sweep._fields)))

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        case, packed = values
        a = _Sweep(*(builder.extract_value(packed, k) for k in range(len(_Sweep._fields))))
        done = builder.append_basic_block("done")
        switch = builder.switch(case, done)
        for number, case_sizes in enumerate(_CASES):
            block = builder.append_basic_block(f"case{number}")
            switch.add_case(_constant(number), block)
            builder.position_at_end(block)
            _positions(builder, a, done, *case_sizes)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return signature, generate


@compiled_pointer(types.void(*[types.int64] * 13))
def add_rows(
    sums, step, pitch, taps, words, words_each, words_step, table, table_step, row_bytes, tap_bytes, bits, count
):  # type: ignore[no-untyped-def]
    """Add the table rows that the spikes of `count` positions select to the sums that they reach.

    Args (addresses and distances in bytes; taps and count at least 1):
        sums: where the first position's sums of tap 0 begin; `step` to the next position's, `pitch` up to the next tap's.
        taps: rows of sums that a position reaches.
        words: the first position's spikes, `words_each` words of eight; `words_step` to the next position's.
        table: of the first position, `table_step` to the next's; rows of row_bytes, 2^bits for each group of `bits` spikes.
        tap_bytes: a row's part for one tap; a multiple of `ROW_BYTES`.
    """
    done = 0
    while done < words_each:
        left = words_each - done
        if bits == 8:
            chunk, kind = (4, 0) if left >= 4 else (2, 1) if left >= 2 else (1, 2)
        else:
            chunk, kind = (2, 0) if left >= 2 else (1, 1)
        group = table + done * (8 // bits << bits) * row_bytes
        offset = 0
        while offset < tap_bytes:
            vectors = (tap_bytes - offset) // ROW_BYTES
            rank = 0
            while vectors < _WIDE[rank]:
                rank += 1
            wide = _WIDE[rank]
            case = 3 * rank + kind if bits == 8 else 15 + 2 * rank + kind
            if taps == 3 and bits == 8 and rank < 3 and kind < 2:
                case = _UNROLLED + 2 * rank + kind
            _sweep(  # type: ignore[call-arg]
                case,
                (
                    sums + offset, step, pitch, taps, words + 8 * done, words_step, group + offset, table_step,
                    row_bytes, tap_bytes, count,
                ),
            )  # fmt: skip
            offset += ROW_BYTES * wide
        done += chunk


@intrinsic
def call_add_rows(typing_context: Any, address: Any, arguments: Any) -> Any:
    """Call `add_rows` by its address: as an ordinary callee numba would compile its 30 loops again in every caller."""
    signature = types.void(types.int64, types.UniTuple(types.int64, 13))

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [_WORD] * 13)
        function = builder.inttoptr(values[0], kind.as_pointer())
        builder.call(function, [builder.extract_value(values[1], k) for k in range(13)])
        return context.get_dummy_value()

    return signature, generate
