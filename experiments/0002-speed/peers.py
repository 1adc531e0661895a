"""Child process: the aggregates of every wallet by pandas, polars or duckdb, timed.

The definitions are those of the views ``amounts``, ``timing`` and ``counterparties``; each library
does it the way its documentation recommends. Imports are outside the time, reading is inside.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.common.processes import peak_mib

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    Dictionary = pa.DictionaryArray[Any, Any]

QUANTILES = {"q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
SIDES = {"in": ("recipient", "sender"), "out": ("sender", "recipient")}
AGGREGATES = (
    *("count", "total", "mean", "sd", "cv", "min", "max", *QUANTILES),
    *("largest", "entropy", "round", "distinct"),
    *("gap_mean", "gap_sd", "gap_min", "gap_median", "burstiness", "recency", "span"),
)
COLUMNS = ["timestamp", "sender", "recipient", "amount"]
# an amount is round when it has at most two significant digits
ROUND_DIGITS = 2


def by_pandas(path: Path, as_of_us: int, threads: int) -> "Callable[[], pa.Table]":
    """One sort and a few groupby calls a side, over dictionary codes instead of strings."""
    import pandas as pd

    def side(frame: "pd.DataFrame", own: str, other: str, prefix: str) -> "pd.DataFrame":
        part = frame.sort_values([own, "timestamp"], kind="stable", ignore_index=True)
        key = part[own].to_numpy()
        second = part["timestamp"].to_numpy() / 1e6
        gap = np.diff(second, prepend=np.nan)
        gap[1:][key[1:] != key[:-1]] = np.nan
        part["gap"] = gap
        amount = part["amount"].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            part["alna"] = np.where(amount > 0, amount * np.log(amount), 0.0)
            unit = 10.0 ** (np.floor(np.log10(amount)) - (ROUND_DIGITS - 1))
            scaled = amount / unit
        part["round"] = np.abs(scaled - np.rint(scaled)) < 1e-9 * scaled
        part["second"] = second
        groups = part.groupby(own, sort=False)
        out = groups["amount"].agg(["count", "sum", "mean", "std", "min", "max"])
        out.columns = pd.Index(["count", "total", "mean", "sd", "min", "max"])
        quantiles = groups["amount"].quantile(np.array(list(QUANTILES.values()))).unstack()
        quantiles.columns = pd.Index(list(QUANTILES))
        out = out.join(quantiles)
        gaps = groups["gap"].agg(["mean", "std", "min", "median"])
        out[["gap_mean", "gap_sd", "gap_min", "gap_median"]] = gaps
        more = groups.agg(
            alna=("alna", "sum"),
            round=("round", "mean"),
            distinct=(other, "nunique"),
            first=("second", "first"),
            last=("second", "last"),
        )
        out = out.join(more)
        out["cv"] = out["sd"] / out["mean"]
        out["largest"] = out["max"] / out["total"]
        entropy = (np.log(out["total"]) - out["alna"] / out["total"]) / np.log(out["count"])
        out["entropy"] = entropy.where(out["count"] > 1)
        spread = out["gap_sd"] + out["gap_mean"]
        out["burstiness"] = (out["gap_sd"] - out["gap_mean"]) / spread
        out["recency"] = as_of_us / 1e6 - out["last"]
        out["span"] = out["last"] - out["first"]
        return out[list(AGGREGATES)].add_prefix(f"{prefix}_")

    def work() -> pa.Table:
        table = pq.read_table(path, columns=COLUMNS, read_dictionary=["sender", "recipient"])
        ends = [cast("Dictionary", table[own].combine_chunks()) for own, _ in SIDES.values()]
        names = pa.concat_arrays([end.dictionary for end in ends]).dictionary_encode()
        codes = np.split(names.indices.to_numpy(), [len(ends[0].dictionary)])
        frame = pd.DataFrame(
            {
                "timestamp": table["timestamp"].cast(pa.int64()).to_numpy(),
                "amount": table["amount"].to_numpy(),
                "recipient": codes[0][ends[0].indices.to_numpy()],
                "sender": codes[1][ends[1].indices.to_numpy()],
            }
        )
        parts = [side(frame, *SIDES[prefix], prefix) for prefix in SIDES]
        both = parts[0].join(parts[1], how="outer")
        result = pa.Table.from_pandas(both, preserve_index=False)
        return result.append_column("wallet", names.dictionary.take(both.index.to_numpy()))

    return work


def by_polars(path: Path, as_of_us: int, threads: int) -> "Callable[[], pa.Table]":
    """One lazy query a side: sort once, shift for the gaps, one group_by over codes."""
    import polars as pl

    def side(frame: "pl.LazyFrame", own: str, other: str, prefix: str) -> "pl.LazyFrame":
        amount, gap, second = pl.col("amount"), pl.col("gap"), pl.col("second")
        unit = pl.lit(10.0).pow(amount.log10().floor() - (ROUND_DIGITS - 1))
        scaled = amount / unit
        col = {name: pl.col(f"{prefix}_{name}") for name in (*AGGREGATES, "alna")}
        groups = (
            frame.sort(own, "second")
            .with_columns(
                gap=pl.when(pl.col(own) == pl.col(own).shift(1)).then(second.diff()),
                alna=pl.when(amount > 0).then(amount * amount.log()).otherwise(0.0),
                round=(scaled - scaled.round()).abs() < 1e-9 * scaled,
            )
            .group_by(pl.col(own).alias("code"))
            .agg(
                pl.len().cast(pl.Float64).alias(f"{prefix}_count"),
                amount.sum().alias(f"{prefix}_total"),
                amount.mean().alias(f"{prefix}_mean"),
                amount.std().alias(f"{prefix}_sd"),
                amount.min().alias(f"{prefix}_min"),
                amount.max().alias(f"{prefix}_max"),
                *(
                    amount.quantile(q, "linear").alias(f"{prefix}_{name}")
                    for name, q in QUANTILES.items()
                ),
                pl.col("alna").sum().alias(f"{prefix}_alna"),
                pl.col("round").mean().alias(f"{prefix}_round"),
                pl.col(other).n_unique().cast(pl.Float64).alias(f"{prefix}_distinct"),
                gap.mean().alias(f"{prefix}_gap_mean"),
                gap.std().alias(f"{prefix}_gap_sd"),
                gap.min().alias(f"{prefix}_gap_min"),
                gap.median().alias(f"{prefix}_gap_median"),
                (as_of_us / 1e6 - second.last()).alias(f"{prefix}_recency"),
                (second.last() - second.first()).alias(f"{prefix}_span"),
            )
        )
        entropy = (col["total"].log() - col["alna"] / col["total"]) / col["count"].log()
        spread = col["gap_sd"] + col["gap_mean"]
        derived = {
            "cv": col["sd"] / col["mean"],
            "largest": col["max"] / col["total"],
            "entropy": pl.when(col["count"] > 1).then(entropy),
            "burstiness": (col["gap_sd"] - col["gap_mean"]) / spread,
        }
        return groups.select(
            "code",
            *(derived.get(name, col[name]).alias(f"{prefix}_{name}") for name in AGGREGATES),
        )

    def work() -> pa.Table:
        frame = (
            pl.scan_parquet(path)
            .select(
                pl.col("sender", "recipient").cast(pl.Categorical),
                "amount",
                second=pl.col("timestamp").to_physical() / 1e6,
            )
            .collect()
        )
        # the codes of one set of categories: sorting and grouping integers is twice as fast
        names = pl.concat([frame["sender"].unique(), frame["recipient"].unique()]).unique()
        coded = frame.lazy().with_columns(pl.col("sender", "recipient").to_physical())
        parts = [side(coded, *SIDES[prefix], prefix) for prefix in SIDES]
        both = parts[0].join(parts[1], on="code", how="full", coalesce=True)
        named = pl.LazyFrame({"code": names.to_physical(), "wallet": names.cast(pl.String)})
        return both.join(named, on="code").drop("code").collect().to_arrow()

    return work


def by_duckdb(path: Path, as_of_us: int, threads: int) -> "Callable[[], pa.Table]":
    """One query: lag for the gaps, one GROUP BY a side, a full join."""
    import duckdb

    def side(own: str, other: str, prefix: str) -> str:
        aggregates = {
            "count": "count(*)::DOUBLE",
            "total": "sum(amount)",
            "mean": "avg(amount)",
            "sd": "stddev_samp(amount)",
            "cv": "stddev_samp(amount) / avg(amount)",
            "min": "min(amount)",
            "max": "max(amount)",
            **{
                name: f"quantile_cont(amount, {list(QUANTILES.values())})[{place}]"
                for place, name in enumerate(QUANTILES, 1)
            },
            "largest": "max(amount) / sum(amount)",
            "entropy": "CASE WHEN count(*) > 1 THEN "
            "(ln(sum(amount)) - sum(alna) / sum(amount)) / ln(count(*)) END",
            "round": "avg(CASE WHEN rounded THEN 1.0 ELSE 0.0 END)",
            "distinct": f"count(DISTINCT {other})::DOUBLE",
            "gap_mean": "avg(gap)",
            "gap_sd": "stddev_samp(gap)",
            "gap_min": "min(gap)",
            "gap_median": "median(gap)",
            "burstiness": "CASE WHEN stddev_samp(gap) + avg(gap) > 0 THEN "
            "(stddev_samp(gap) - avg(gap)) / (stddev_samp(gap) + avg(gap)) END",
            "recency": f"{as_of_us / 1e6!r} - max(second)",
            "span": "max(second) - min(second)",
        }
        columns = ", ".join(f"{value} AS {prefix}_{name}" for name, value in aggregates.items())
        return f"""
            SELECT {own} AS wallet, {columns} FROM (
                SELECT *, second - lag(second) OVER (PARTITION BY {own} ORDER BY second) AS gap
                FROM transfers
            ) GROUP BY {own}
        """

    def work() -> pa.Table:
        connection = duckdb.connect(config={"threads": threads})
        connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
        scaled = f"amount / pow(10.0, floor(log10(nullif(amount, 0))) - {ROUND_DIGITS - 1})"
        connection.execute(f"""
            CREATE TEMP TABLE names AS SELECT name, (row_number() OVER ())::INTEGER AS code FROM (
                SELECT sender AS name FROM read_parquet('{path}')
                UNION SELECT recipient FROM read_parquet('{path}'));
            CREATE TEMP TABLE transfers AS
            SELECT s.code AS sender, r.code AS recipient, amount,
                epoch_us(timestamp) / 1e6 AS second,
                CASE WHEN amount > 0 THEN amount * ln(amount) ELSE 0 END AS alna,
                abs({scaled} - round({scaled})) < 1e-9 * {scaled} AS rounded
            FROM read_parquet('{path}') AS t
            JOIN names AS s ON t.sender = s.name JOIN names AS r ON t.recipient = r.name
        """)
        queries = {prefix: side(*SIDES[prefix], prefix) for prefix in SIDES}
        result: pa.Table = connection.sql(f"""
            SELECT * EXCLUDE (wallet, name, code), name AS wallet
            FROM ({queries["in"]}) FULL JOIN ({queries["out"]}) USING (wallet)
            JOIN names ON wallet = code
        """).to_arrow_table()
        return result

    return work


ENGINES = {"pandas": by_pandas, "polars": by_polars, "duckdb": by_duckdb}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("source", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--as-of-us", type=int, required=True)
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    # as many cores as threads, so that no library takes more than it was given
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    os.environ["POLARS_MAX_THREADS"] = str(arguments.threads)
    pa.set_cpu_count(arguments.threads)
    work = ENGINES[arguments.engine](arguments.source, arguments.as_of_us, arguments.threads)
    begin = time.perf_counter()
    table = work()
    total = time.perf_counter() - begin
    rss = peak_mib()
    if arguments.out is not None:
        pq.write_table(table, arguments.out)
    json.dump({"total": total, "rss_mib": rss, "rows": table.num_rows}, sys.stdout)


if __name__ == "__main__":
    main()
