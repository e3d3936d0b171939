"""reports.py ENGINE LINES EVENTS POSTGRES DAY ROUNDS

One engine's daily sales by product: the GROUP BY of `npm run bench -- peers`, of five keys and two sums, over the files
of the log's archive (a row a line; a row an event with its lines as lists) or over the log. Prints one line of JSON:
version, rows and gross of the result (which must be those of the others), the first run with the engine's start, and the
median of the warm ones, in milliseconds. Where an engine can be asked in several ways, the quickest counts. Results stay
in Arrow: no engine pays for Python's rows.
"""

import json
import os
import statistics
import sys
import time

engine, lines, events, postgres, day, rounds = sys.argv[1:7]
KEYS = "store, business_day, channel, sku, currency"
# A JVM compiles what it has run some thousand times.
WARM_UP = 8
began = time.perf_counter()


def open_polars():
    import polars

    def asked():
        return (
            polars.scan_parquet(lines)
            .filter(polars.col("business_day") == polars.lit(day).str.to_date())
            .group_by(KEYS.split(", "))
            .agg(polars.col("units").sum(), polars.col("gross").sum())
        )

    def run(how):
        table = asked().collect(engine=how)
        return table.height, int(table["gross"].sum())

    return polars.__version__, [lambda: run("streaming"), lambda: run("in-memory")]


def open_duckdb_over_postgres():
    import adbc_driver_postgresql.dbapi as adbc
    import duckdb
    import pyarrow.compute as compute

    database, connection = duckdb.connect(config={"threads": 2}), adbc.connect(postgres)
    orders = f"from log.event_log where business_day = date '{day}' and type = 'order.placed'"
    unnested = "unnest(skus) as sku, unnest(units) as units, unnest(unit_prices) as unit_price"

    def run(columns, source):
        with connection.cursor() as cursor:
            cursor.execute(f"select store, business_day, channel, currency, {columns} {orders}")
            fetched = cursor.fetch_arrow_table()
        table = database.execute(
            f"select {KEYS}, sum(units) as units, sum(units * unit_price)::bigint as gross from {source} group by {KEYS}"
        ).to_arrow_table()
        del fetched
        return table.num_rows, compute.sum(table["gross"]).as_py()

    return duckdb.__version__, [
        lambda: run(unnested, "fetched"),
        lambda: run(
            "skus, units, unit_prices", f"(select store, business_day, channel, currency, {unnested} from fetched)"
        ),
    ]


def open_spark(path):
    import pyarrow.compute as compute
    import pyspark
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        # A file for both cores: left to itself, Spark reads one as small as this on one of them.
        .config("spark.sql.files.openCostInBytes", "0")
        .config("spark.sql.files.maxPartitionBytes", str(os.path.getsize(path) // 2 + 1))
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    session.read.parquet(path).createOrReplaceTempView("source")
    if path == lines:
        asked = (
            f"select {KEYS}, sum(units) as units, sum(gross) as gross from source "
            f"where business_day = date '{day}' group by {KEYS}"
        )
    else:
        asked = (
            f"select {KEYS}, sum(units) as units, sum(units * unit_price) as gross from (select store, business_day, "
            "channel, currency, line.skus as sku, line.units, line.unit_prices as unit_price from source "
            "lateral view explode(arrays_zip(skus, units, unit_prices)) exploded as line "
            f"where type = 'order.placed' and business_day = date '{day}') lines group by {KEYS}"
        )

    def run():
        table = session.sql(asked).toArrow()
        return table.num_rows, compute.sum(table["gross"]).as_py()

    return pyspark.__version__, [run]


OPEN = {
    "polars": open_polars,
    "duckdb-over-postgres": open_duckdb_over_postgres,
    "spark": lambda: open_spark(lines),
    "spark-on-events": lambda: open_spark(events),
}
version, ways = OPEN[engine]()
rows, gross = ways[0]()
first = time.perf_counter() - began


def warm(run):
    for _ in range(WARM_UP if engine.startswith("spark") else 1):
        if run() != (rows, gross):
            raise SystemExit("the ways to ask answer differently")
    times = []
    for _ in range(int(rounds)):
        at = time.perf_counter()
        run()
        times.append(time.perf_counter() - at)
    return statistics.median(times)


print(
    json.dumps(
        {
            "version": version,
            "rows": rows,
            "gross": gross,
            "firstMs": first * 1e3,
            "warmMs": min(warm(run) for run in ways) * 1e3,
        }
    )
)
