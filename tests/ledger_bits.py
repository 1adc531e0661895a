"""What a ledger holds in memory, to compare it with what it held before a question."""

from features import Ledger


def bits(ledger: Ledger) -> list[bytes]:
    """All that a question reads, up to what is used."""
    found = []
    for slices in (ledger.incoming, ledger.outgoing, ledger.dust, *ledger.unpriced):
        columns = slices.time, slices.counterparty, slices.transfer, slices.amount
        found += [array[: slices.used].tobytes() for array in columns]
        found += [slices.start.tobytes(), slices.count.tobytes(), bytes(slices.used)]
    scales = ledger.scales
    beginnings = scales.beginnings[: scales.used]
    return [*found, scales.scale.tobytes(), scales.begun.tobytes(), beginnings.tobytes()]
