"""reports.py ENGINE FLAT NESTED POSTGRES DAY ROUNDS

One engine's daily sales by product: the GROUP BY of `npm run bench -- peers`, of five keys and two sums. Prints one line
of JSON: version, rows and gross of the result (which must be those of the others), the first run with the engine's start,
and the median of the warm ones, in milliseconds.
"""

import json
import statistics
import sys
import time

engine, flat, nested, postgres, day, rounds = sys.argv[1:7]
KEYS = "store, business_day, channel, sku, currency"
SUMS = "sum(units) as units, sum(units * unit_price) as gross"
UNNESTED = (
    "select store, business_day, channel, currency, unnest(skus) as sku, unnest(units) as units, "
    "unnest(unit_prices) as unit_price from {} where business_day = date '" + day + "' and type = 'order.placed'"
)
began = time.perf_counter()


def open_polars():
    import polars

    keys = KEYS.split(", ")
    query = (
        polars.scan_parquet(flat)
        .group_by(keys)
        .agg(
            polars.col("units").sum().alias("units_sold"),
            (polars.col("units").cast(polars.Int64) * polars.col("unit_price")).sum().alias("gross"),
        )
    )

    def run():
        table = query.collect(engine="streaming")
        return table.height, int(table["gross"].sum())

    return polars.__version__, run


def open_duckdb_over_postgres():
    import adbc_driver_postgresql.dbapi as adbc
    import duckdb

    database, connection = duckdb.connect(config={"threads": 2}), adbc.connect(postgres)

    def run():
        with connection.cursor() as cursor:
            cursor.execute(UNNESTED.format("log.event_log"))
            lines = cursor.fetch_arrow_table()
        table = database.execute(f"select {KEYS}, {SUMS} from lines group by {KEYS}").to_arrow_table()
        return table.num_rows, int(sum(table["gross"].to_pylist()))

    return duckdb.__version__, run


def open_spark(path):
    import pyspark
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    session.read.parquet(path).createOrReplaceTempView("source")
    lines = "source" if path == flat else (
        "(select store, business_day, channel, currency, line.skus as sku, line.units, line.unit_prices as unit_price "
        "from source lateral view explode(arrays_zip(skus, units, unit_prices)) exploded as line "
        "where type = 'order.placed')"
    )

    def run():
        rows = session.sql(f"select {KEYS}, {SUMS} from {lines} group by {KEYS}").collect()
        return len(rows), sum(row["gross"] for row in rows)

    return pyspark.__version__, run


OPEN = {
    "polars": open_polars,
    "duckdb-over-postgres": open_duckdb_over_postgres,
    "spark": lambda: open_spark(flat),
    "spark-nested": lambda: open_spark(nested),
}
version, run = OPEN[engine]()
rows, gross = run()
first = time.perf_counter() - began
times = []
for _ in range(int(rounds)):
    at = time.perf_counter()
    run()
    times.append(time.perf_counter() - at)
print(
    json.dumps(
        {
            "version": version,
            "rows": rows,
            "gross": gross,
            "firstMs": first * 1e3,
            "warmMs": statistics.median(times) * 1e3,
        }
    )
)
