"""What a ledger's arrays are made of, by DuckDB: both sides in order, wallets numbered by hash."""

import sys
from pathlib import Path

import duckdb


def main(source: str, memory: str) -> None:
    folder = Path(source).with_name("peer")
    folder.mkdir()
    database = duckdb.connect(str(folder / "database"))
    for statement in (
        f"SET memory_limit = '{memory}'",
        "SET threads = 2",
        "SET preserve_insertion_order = false",
        f"CREATE TABLE received AS SELECT DISTINCT * FROM read_csv('{source}')",
        """CREATE TABLE transfers AS
           SELECT *, row_number() OVER (ORDER BY hash(tx_id)) - 1 AS number FROM received""",
        """CREATE TABLE wallets AS
           SELECT name, row_number() OVER (ORDER BY hash(name)) - 1 AS code
           FROM (SELECT sender AS name FROM received UNION SELECT recipient FROM received)""",
        """CREATE TABLE coded AS
           SELECT number, timestamp, amount, s.code AS sender, r.code AS recipient
           FROM transfers JOIN wallets s ON s.name = sender JOIN wallets r ON r.name = recipient""",
        f"""COPY (SELECT * FROM coded ORDER BY sender, timestamp, number)
            TO '{folder}/outgoing.parquet'""",
        f"""COPY (SELECT * FROM coded ORDER BY recipient, timestamp, number)
            TO '{folder}/incoming.parquet'""",
        f"COPY (SELECT tx_id FROM transfers ORDER BY number) TO '{folder}/tx_ids.parquet'",
        f"COPY (SELECT name FROM wallets ORDER BY code) TO '{folder}/wallets.parquet'",
    ):
        database.execute(statement)
    database.close()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
