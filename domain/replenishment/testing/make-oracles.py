"""Writes oracles.json: what statsforecast says of made series, for method.test.ts to hold our numbers against.

    python -m venv venv && venv/bin/pip install statsforecast==2.1.1
    venv/bin/python domain/replenishment/testing/make-oracles.py > domain/replenishment/testing/oracles.json

Series are drawn with a fixed seed, so that the file comes out the same.
"""

import json

import numpy as np
from statsforecast.models import (
    TSB,
    CrostonSBA,
    HistoricAverage,
    SeasonalNaive,
    SimpleExponentialSmoothing,
    WindowAverage,
)

rng = np.random.default_rng(20261129)


def negative_binomial(mean, excess, days):
    """Counts whose variance is (1 + excess) times their mean."""
    size = mean / excess
    return rng.negative_binomial(size, 1 / (1 + excess), days)


def series():
    days = 91
    weekday = np.tile([0.82, 0.84, 0.9, 0.98, 1.18, 1.42, 0.86], 13)
    yield "smooth", rng.poisson(24 * weekday)
    yield "erratic", negative_binomial(9 * weekday, 4.0, days)
    yield "intermittent", rng.poisson(0.25, days)
    yield "lumpy", (rng.random(days) < 0.2) * negative_binomial(6.0, 5.0, days)
    yield "rising", rng.poisson(np.linspace(2, 12, days))
    yield "ending", rng.poisson(np.concatenate([np.full(60, 1.5), np.zeros(31)]))
    yield "a first sale late", np.concatenate([np.zeros(40, dtype=int), rng.poisson(2, 51)])


MODELS = {
    "average-28": WindowAverage(28),
    "average-56": WindowAverage(56),
    "average-91": HistoricAverage(),
    # Where like products always sell the same.
    "share-56": WindowAverage(56),
    "share-91": WindowAverage(91),
    "smoothed-0.05": SimpleExponentialSmoothing(0.05),
    "smoothed-0.1": SimpleExponentialSmoothing(0.1),
    "smoothed-0.2": SimpleExponentialSmoothing(0.2),
    "croston-sba": CrostonSBA(),
    "tsb": TSB(alpha_d=0.1, alpha_p=0.05),
    "seasonal-naive": SeasonalNaive(7),
}

print("[")
made = list(series())
for place, (name, units) in enumerate(made):
    values = units.astype(np.float64)
    rates = {
        model: float(fitted.forecast(y=values, h=1)["mean"][0]) for model, fitted in MODELS.items()
    }
    row = {"name": name, "units": [int(unit) for unit in units], "rates": rates}
    print(json.dumps(row) + ("," if place < len(made) - 1 else ""))
print("]")
