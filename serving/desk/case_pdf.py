"""A case on paper: what the page says, in its order, with what it takes to ask again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from serving.desk.cases import Case
from serving.desk.sheet import BOLD, GREY, Sheet
from serving.desk.told import Mover, alarming, exposed, movers, provenance
from serving.desk.waterfall import waterfall
from serving.desk.words import amount, duration, moment, one_in, percent, plain, share, times

ALARM, WARN, MORE, LESS = "#a3161b", "#9a5b00", "#b4542a", "#3a6ea5"
SIGNAL = (
    "A score is a signal for a reviewer, not a decision and not a proof of guilt. The probability "
    "is only as right as the stated base rate."
)


def case_pdf(case: Case) -> bytes:
    """Write a case as PDF."""
    answer = case.answer
    footer = (
        f"answer {case.id}; request {answer['request_id']}; as of {case.as_of}; "
        f"model {answer['model']['version']}; ledger {case.ledger}"
    )
    sheet = Sheet(f"Case {case.id}", footer)
    sheet.line("walletrisk: case of one wallet", size=8, colour=GREY)
    sheet.line(case.wallet, size=13, font=BOLD)
    sheet.line(f"as of {moment(case.as_of)}", size=9, colour=GREY)
    sheet.space(8)
    for lines, colour in alarms(case):
        sheet.box(lines, colour)
    _score(sheet, answer)
    _reasons(sheet, answer)
    _lists(sheet, answer["known"])
    _exposure(sheet, answer["exposure"])
    _history(sheet, answer["coverage"])
    sheet.heading("How to ask again")
    sheet.rows(provenance(answer, case.ledger), (0.24, 0.76))
    return sheet.finish()


def alarms(case: Case) -> Iterator[tuple[list[str], str]]:
    """What is to be read first, the gravest before all."""
    answer = case.answer
    known = answer["known"]
    sanctions, illicit = alarming(known)
    if known is not None and known["sanctioned"]:
        told = [
            f"{one['source'] or 'a list'}: {one['original'] or one['category']}, since "
            f"{moment(one['known_at'])}"
            for one in sanctions
        ]
        yield ["SANCTIONED: a list that names this wallet was in force.", *told], ALARM
    if illicit:
        kinds = ", ".join(sorted({plain(one["category"]) for one in illicit}))
        yield [f"ON A LIST AS ILLICIT: {kinds}. That is not in the probability."], ALARM
    if case.asked.transfers:
        told = [f"{one.amount} {one.asset} from {one.sender} to {one.recipient}"
                for one in case.asked.transfers]  # fmt: skip
        yield ["WHAT IF: nobody made the transfer that is supposed here.", *told], WARN
    if answer["status"] != "scored":
        yield [f"NOT SCORED ({plain(answer['status'])}): too little is known. Not the same as safe."
               ], WARN  # fmt: skip
    if answer["stale"]:
        end = answer["coverage"]["ledger_last_timestamp"]
        yield [f"STALE: the ledger ends at {moment(end)}; what came later is not in here."], WARN
    if known is None:
        yield ["NO LISTS ARE LOADED: nothing is known of sanctions."], WARN
    override = answer["override"]
    if override is not None:
        yield (
            [
                f"OVERRIDE: {override['decision']}, by {override['author']}, until "
                f"{moment(override['expires_at'])}: {override['reason']}"
            ],
            WARN,
        )


def _score(sheet: Sheet, answer: Mapping[str, Any]) -> None:
    sheet.heading("Score")
    if answer["status"] == "scored":
        sheet.line(f"{percent(answer['probability'])}, band {answer['band']}", size=15, font=BOLD)
        low, high = answer["probability_low"], answer["probability_high"]
        text = f"Of wallets with such a score {one_in(answer['probability'])} are illicit"
        if low is not None and high is not None:
            text += f" (expected between {percent(low)} and {percent(high)})"
        sheet.line(f"{text}, if {percent(answer['base_rate'])} of all wallets are.")
    else:
        sheet.line("Band unknown", size=15, font=BOLD)
        sheet.line(f"{percent(answer['base_rate'])} is the stated base rate, not a score.")
    steps = ", ".join(
        f"{band} from {percent(lowest)}" for band, lowest in answer["bands"]["thresholds"].items()
    )
    sheet.line(f"Bands {answer['bands']['version']}: {steps}.", colour=GREY)
    sheet.line(SIGNAL, colour=GREY)


def _reasons(sheet: Sheet, answer: Mapping[str, Any]) -> None:
    fall = waterfall(answer)
    if fall is None:
        return
    sheet.heading("Reasons, from the base rate to the score (length is log-odds)")
    base, score = fall.axis.at(fall.base), fall.axis.at(fall.score)
    sheet.line(
        f"From {percent(answer['base_rate'])}, the base rate, to {percent(answer['probability'])}: "
        "the upright lines.",
        size=8, colour=GREY,
    )  # fmt: skip
    for bar in fall.bars:
        sheet.room(26)
        sheet.rows([[times(bar.contribution), bar.sentence]], (0.09, 0.91))
        colour = MORE if bar.raises else LESS
        sheet.bar(fall.axis.at(bar.before), fall.axis.at(bar.after), colour, marks=(base, score))
    rows = [["column", "what it means", "value", "odds"]]
    rows += [
        [one["feature"], one["meaning"], "none" if one["value"] is None else amount(one["value"]),
         times(one["contribution"])]
        for bar in fall.bars for one in bar.columns
    ]  # fmt: skip
    sheet.space(6)
    sheet.rows(rows, (0.34, 0.42, 0.14, 0.10), head=True)
    _movers(sheet, movers(answer))


def _movers(sheet: Sheet, told: Sequence[Mover]) -> None:
    if not told:
        return
    rows = [["transfer that moved it, part of the above", "when", "amount", "odds"]]
    rows += [
        [f"{way} {wallet}, {one['tx_id']}", moment(one["timestamp"]),
         f"{amount(one['amount'])} {one['asset']}", times(one["contribution"])]
        for way, wallet, one in told
    ]  # fmt: skip
    sheet.space(6)
    sheet.rows(rows, (0.52, 0.2, 0.18, 0.10), head=True)


def _lists(sheet: Sheet, known: Mapping[str, Any] | None) -> None:
    sheet.heading("Lists that name the wallet")
    if known is None:
        sheet.line("None are loaded.")
    elif not known["entries"]:
        sheet.line("None of those that are loaded. That is no clean bill.")
    else:
        rows = [["category", "verdict", "source, and its own words", "since", "until"]]
        rows += [
            [plain(one["category"]), one["label"] or "none",
             f"{one['source'] or 'no named list'}: {one['original'] or ''}",
             moment(one["known_at"]), "in force" if one["until"] is None else moment(one["until"])]
            for one in known["entries"]
        ]  # fmt: skip
        sheet.rows(rows, (0.16, 0.1, 0.36, 0.19, 0.19), head=True)
        if known["left_out"]:
            sheet.line(f"{known['left_out']} more are not shown.")


def _exposure(sheet: Sheet, exposure: Mapping[str, Any] | None) -> None:
    sheet.heading("Exposure to labelled wallets")
    if exposure is None:
        sheet.line("Not traced: no labels are loaded.")
        return
    unit = exposure["unit"]
    for name in ("received", "sent"):
        side = exposure[name]
        rows = [[f"{name} {amount(side['value'])} {unit}", "direct", "indirect", "hops", "share"]]
        rows += [
            [f"{plain(one.category)} ({one.label or 'no verdict'})", amount(one.direct),
             amount(one.indirect), one.hops, share(one.share)]
            for one in exposed(side)
        ]  # fmt: skip
        whole = side["value"] or 1.0
        for words, value in (("wallets like services", side["service_like_value"]),
                             ("not known, which is not clean", side["unknown_value"])):  # fmt: skip
            rows.append([words, "", amount(value), "", share(value / whole)])
        sheet.rows(rows, (0.4, 0.18, 0.18, 0.1, 0.14), head=True)
        if side["truncated"]:
            sheet.line("Not all of it was followed: lines may be too small.", colour=GREY)
        sheet.space(6)


def _history(sheet: Sheet, seen: Mapping[str, Any]) -> None:
    sheet.heading("History behind it")
    age = "none" if seen["age_s"] is None else duration(seen["age_s"])
    rows = [
        ["transfers in", f"{seen['transfers_in']:,}"],
        ["transfers out", f"{seen['transfers_out']:,}"],
        ["since its first transfer", age],
        ["beyond the reading limit", percent(seen["truncated_share"])],
    ]
    sheet.rows(rows, (0.24, 0.76))
