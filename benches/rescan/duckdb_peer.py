"""The ids of posts with a link to a listed domain, by DuckDB on one thread: POSTS LIST OUT"""

import sys

import duckdb

posts, listed, out = (path.replace("'", "''") for path in sys.argv[1:])
duckdb.sql("SET threads = 1")
duckdb.sql(f"""
    COPY (
        SELECT DISTINCT id FROM (
            SELECT id, unnest(regexp_extract_all(text, 'https?://[^\\s"<>]+')) AS url
            FROM read_json('{posts}', format = 'newline_delimited', columns = {{id: 'VARCHAR', text: 'VARCHAR'}})
        )
        WHERE lower(regexp_extract(url, '^https?://([^/:?#]+)', 1)) IN (
            SELECT host FROM read_csv('{listed}', header = false, delim = '\\t', columns = {{host: 'VARCHAR'}})
            WHERE NOT contains(host, '/')
        )
    ) TO '{out}' (FORMAT csv, HEADER false)
""")
