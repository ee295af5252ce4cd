"""The ids of posts with a link to a listed domain, by polars on one thread: POSTS LIST OUT"""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = "1"
import polars as pl

posts, listed, out = sys.argv[1:]
hosts = pl.scan_csv(listed, has_header=False, new_columns=["host"], separator="\t", quote_char=None)
links = (
    pl.scan_ndjson(posts, schema={"id": pl.String, "text": pl.String})
    .select("id", url=pl.col("text").str.extract_all(r'https?://[^\s"<>]+'))
    .explode("url")
    .drop_nulls("url")
    .select("id", host=pl.col("url").str.extract(r"^https?://([^/:?#]+)", 1).str.to_lowercase())
)
found = links.join(hosts.filter(~pl.col("host").str.contains("/", literal=True)), on="host", how="semi")
found.select("id").unique().sink_csv(out, include_header=False)
