"""Child process: build the ledger, train the model that both servers answer with, log it."""

import argparse
import json
import sys
import time
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

from features import Ledger, feature_table
from training import RiskModel, TrainConfig, out_of_time_shares, train

HERE = Path(__file__).resolve().parent


def build_ledger(arguments: argparse.Namespace) -> dict[str, float]:
    """Build the ledger of a parquet file and save it."""
    ledger = Ledger.from_transfers(pd.read_parquet(arguments.transfers))
    ledger.save(arguments.ledger)
    return {"transfers": ledger.n_transfers}


def train_model(arguments: argparse.Namespace) -> dict[str, float]:
    """Train LightGBM on labelled wallets, each as of one moment of the later half."""
    ledger = Ledger.open(arguments.ledger)
    labels = pd.read_parquet(arguments.labels)
    rng = np.random.default_rng(arguments.seed)
    span = arguments.as_of - labels["known_at"].min()
    back = pd.to_timedelta(rng.uniform(0, 0.5, len(labels)) * span.total_seconds(), unit="s")
    spine = pd.DataFrame(
        {"wallet": labels["wallet"], "as_of": (arguments.as_of - back.floor("s")).as_unit("us")}
    )
    split = out_of_time_shares(spine, test_share=0.25, calibrate_share=0.25, gap=pd.Timedelta(0))
    table = feature_table(ledger, spine, labels=labels)
    config = TrainConfig(model="lightgbm", seed=arguments.seed, base_rate=0.002)
    begin = time.perf_counter()
    trained = train(table, labels, split, config, ledger=ledger)
    trained.model.save(arguments.model)
    return {"train_s": time.perf_counter() - begin, "rows": len(table), **trained.metrics}


def log_model(arguments: argparse.Namespace) -> dict[str, float]:
    """Register the saved model in a new sqlite registry and write one ready-made row."""
    ledger = Ledger.open(arguments.ledger)
    labels = pd.read_parquet(arguments.labels)
    wallets = [ledger.wallet(code) for code in range(0, ledger.n_wallets, ledger.n_wallets // 50)]
    spine = pd.DataFrame({"wallet": wallets, "as_of": arguments.as_of})
    model = RiskModel.load(arguments.model)
    table = feature_table(ledger, spine, labels=labels)
    # the endpoint scores no wallet with fewer transfers
    enough = (
        table["coverage_in_count"] + table["coverage_out_count"] >= model.manifest.min_transfers
    )
    wallets = [wallet for wallet, held in zip(wallets, enough, strict=True) if held]
    table = table.loc[enough.to_numpy(), list(model.feature_names)].reset_index(drop=True)
    probability = model.predict_proba(table)
    body = {
        "wallets": wallets,
        "columns": list(table.columns),
        "data": [[None if np.isnan(x) else x for x in row] for row in table.to_numpy().tolist()],
        "probability": probability.tolist(),
    }
    arguments.rows.write_text(json.dumps(body))
    mlflow.set_tracking_uri(arguments.registry)
    mlflow.set_experiment(
        experiment_id=mlflow.create_experiment(
            "speed", artifact_location=(arguments.rows.parent / "artifacts").as_uri()
        )
    )
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="walletrisk",
            python_model=str(HERE / "pyfunc_model.py"),
            artifacts={"model": str(arguments.model)},
            signature=mlflow.models.infer_signature(table, probability),
            pip_requirements=["lightgbm", "pandas"],
            registered_model_name="walletrisk",
        )
    return {"columns": table.shape[1]}


WORK = {"build": build_ledger, "train": train_model, "log": log_model}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=[*WORK])
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--as-of", type=pd.Timestamp)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--registry", default="")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--transfers", type=Path)
    arguments = parser.parse_args()
    json.dump(WORK[arguments.work](arguments), sys.stdout)


if __name__ == "__main__":
    main()
