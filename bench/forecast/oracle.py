"""How well statsforecast's models foresee the series of `npm run bench -- forecast --series FILE`.

    python -m venv venv && venv/bin/pip install statsforecast==2.1.1
    npm run bench -- forecast --series series.json
    venv/bin/python bench/forecast/oracle.py series.json > bench/forecast/oracle.json

Each model sees a series up to an origin and foresees the days after it; days on offer, and days on which the store was
closed, are not judged. The measures are those of accuracy.ts.
"""

import json
import sys
import warnings

import numpy as np
from statsforecast.models import (
    ADIDA,
    IMAPA,
    TSB,
    AutoCES,
    AutoETS,
    CrostonOptimized,
    CrostonSBA,
    DynamicOptimizedTheta,
    HistoricAverage,
    SeasonalExponentialSmoothingOptimized,
    SeasonalNaive,
    SeasonalWindowAverage,
    SimpleExponentialSmoothingOptimized,
    WindowAverage,
)

warnings.filterwarnings("ignore")


def models(season, days):
    yield "SeasonalNaive", SeasonalNaive(season)
    yield "HistoricAverage", HistoricAverage()
    yield "WindowAverage(28)", WindowAverage(min(28, days))
    if days >= 4 * season:
        yield "SeasonalWindowAverage(4 weeks)", SeasonalWindowAverage(4, season)
    yield "SimpleExponentialSmoothingOptimized", SimpleExponentialSmoothingOptimized()
    if days >= 2 * season:
        yield "SeasonalExponentialSmoothingOptimized", SeasonalExponentialSmoothingOptimized(season)
    yield "CrostonSBA", CrostonSBA()
    yield "CrostonOptimized", CrostonOptimized()
    yield "TSB(0.1, 0.05)", TSB(0.1, 0.05)
    yield "ADIDA", ADIDA()
    yield "IMAPA", IMAPA()
    yield "DynamicOptimizedTheta", DynamicOptimizedTheta(season)
    yield "AutoETS", AutoETS(season)
    yield "AutoCES", AutoCES(season)


def accuracy(rows):
    errors = sum(np.abs(row["actual"] - row["forecast"]).sum() for row in rows)
    sold = sum(row["actual"].sum() for row in rows)
    scaled = [
        np.abs(row["actual"] - row["forecast"]).mean() / row["scale"]
        for row in rows
        if len(row["actual"]) > 0 and row["scale"] > 0
    ]
    return {"wape": round(float(errors / sold), 4), "mase": round(float(np.mean(scaled)), 4)}


def judge(world):
    season, horizon = world["season"], world["horizon"]
    found = {}
    for product in world["products"]:
        units = np.array(product["units"], dtype=float)
        judged = np.array(product["isJudged"], dtype=bool)
        for origin in world["origins"]:
            history = units[:origin]
            scale = float(np.abs(history[season:] - history[:-season]).mean())
            ahead = slice(origin, origin + horizon)
            for name, model in models(season, origin):
                try:
                    forecast = model.forecast(y=history, h=horizon)["mean"]
                except Exception:
                    # A model that cannot be fitted to a series says what the naive one says.
                    forecast = SeasonalNaive(season).forecast(y=history, h=horizon)["mean"]
                forecast = np.maximum(0, np.nan_to_num(forecast))
                row = {
                    "actual": units[ahead][judged[ahead]],
                    "forecast": forecast[judged[ahead]],
                    "scale": scale,
                }
                for demand_class in (product["class"], "all"):
                    found.setdefault(demand_class, {}).setdefault(name, []).append(row)
    return {
        demand_class: {name: accuracy(rows) for name, rows in by_model.items()}
        for demand_class, by_model in sorted(found.items())
    }


with open(sys.argv[1], encoding="utf-8") as file:
    worlds = json.load(file)
print(json.dumps({world["name"]: judge(world) for world in worlds}, indent=1))
