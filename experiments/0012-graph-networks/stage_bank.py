"""The simulated bank of IBM AMLSim: random splits of accounts, labels of the others known."""

from pathlib import Path

from matplotlib.figure import Figure
from network_arms import TREES, arms_of, measured, over_worlds, pairs_of, runs_of
from network_case import Case, split_by_wallet
from network_figures import bars

from experiments.common import ethereum_phishing as protocol
from experiments.common.amlsim_bank import NAMES, Bank, read_bank, test_rows
from experiments.common.results import Measure, SkippedError

FOLDER = protocol.DATA.parent / "amlsim"
SEEDS = range(5)
# the trees with labels two steps away, and what all other accounts' labels give away
TO_BEAT = {"fanin200": 0.867, "fanin200cycle200": 0.858}
CEILING = {"fanin200": 0.912, "fanin200cycle200": 0.888}


def case_of(bank: Bank, seed: int) -> Case:
    """A split of a bank: known are the accounts that are learnt from, from the start."""
    test = test_rows(bank, seed)
    known = bank.labels[~test]
    rows = split_by_wallet(bank.y_true, test)
    return Case(f"amlsim {bank.name}", bank.ledger, bank.labels, known, bank.table, rows)


def measures(
    work: Path, *, quick: bool, kinds: tuple[str, ...], ends: tuple[str, ...]
) -> list[Measure]:
    """All figures of the stage, of banks whose names end so."""
    if not FOLDER.is_dir():
        raise SkippedError(f"needs the data set {FOLDER.name} (WALLETRISK_DATA)")
    seeds = range(1) if quick else SEEDS
    found: list[Measure] = []
    for name in [name for name in (NAMES[:1] if quick else NAMES) if name.endswith(ends)]:
        bank = read_bank(FOLDER, name)
        cases = [case_of(bank, seed) for seed in seeds]
        at, pairs = cases[0].name, pairs_of(kinds)
        runs = runs_of(cases, arms_of(kinds, "all"), seeds, work)
        targets = dict.fromkeys((TREES, *kinds), TO_BEAT[name])
        found += [
            *cases[0].sizes(), *measured(at, runs, pairs, targets), *over_worlds(at, runs, pairs),
            Measure(f"{at} ceiling that is known", CEILING[name], ""),
        ]  # fmt: skip
    return found


def figures(found: list[Measure]) -> dict[str, Figure]:
    """All arms of both simulations."""
    return bars("bank.png", found, [f"amlsim {name}" for name in NAMES])
