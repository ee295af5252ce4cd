"""Writes posts with pyarrow, and the same posts as JSON lines.

    target/python/bin/python tests/real_posts.py FOLDER

`expected.json` says which files hold the same posts, and which fields they are read by.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

COUNT = 3_500
ROWS = 900
CASES = []


def post(number):
    """Some posts lead to listed pages by their text, some by a link, some by both; some say nothing."""
    text = f"nothing to see in {number}, 日本語 ✓ " * (number % 7)
    if number % 10 == 0:
        text += f"come to hxxps://listed[.]example/{number} or https://fine.example/"
    links = [f"https://{'listed' if number % 35 == 0 else 'fine'}.test/{part}" for part in range(number % 4)]
    if number % 11 == 0:
        links.append(None)
        links.append(f"http://sub.listed.example/{number}")
    return {
        "id": number * 1_000_003,
        "text": None if number % 13 == 0 else text,
        "links": None if number % 17 == 0 else links,
        "other": "https://listed.example/not-asked-for",
    }


POSTS = [post(number) for number in range(1, COUNT + 1)]


def lines(folder, name, posts):
    (folder / name).write_text("".join(json.dumps(post) + "\n" for post in posts))


def case(folder, name, same_as, table, arguments=(), **how):
    how = {"row_group_size": ROWS, "compression": "snappy", **how}
    pq.write_table(table, folder / name, **how)
    CASES.append({"file": name, "same_as": same_as, "arguments": list(arguments)})


def column(name, kind):
    return pa.array([post[name] for post in POSTS], kind)


def flat(folder):
    """One set of posts, in every way that pyarrow can lay it out."""
    lines(folder, "flat.jsonl", POSTS)
    ids, other = column("id", pa.int64()), column("other", pa.string())
    texts, links = column("text", pa.string()), column("links", pa.list_(pa.string()))
    plain = pa.table({"id": ids, "text": texts, "links": links, "other": other})
    big = pa.table({
        "id": ids.cast(pa.uint64()), "other": other.dictionary_encode(), "links": column("links", pa.large_list(pa.large_string())),
        "text": column("text", pa.large_string())})
    named = pa.table({"id": ids.cast(pa.decimal128(20, 0)), "text": texts.dictionary_encode(), "links": links})
    bare = pa.table({"id": ids, "text": column("text", pa.binary()), "links": column("links", pa.list_(pa.string_view()))})
    for name, table, how in [
        ("snappy", plain, {}),
        ("zstd", plain, {"compression": "zstd", "use_dictionary": False, "data_page_size": 4_096}),
        ("gzip-v2", plain, {"compression": "gzip", "data_page_version": "2.0", "data_page_size": 4_096}),
        ("lz4-one-group", plain, {"compression": "lz4", "row_group_size": COUNT}),
        ("none-checked", plain, {"compression": "none", "write_page_checksum": True, "write_page_index": True}),
        ("no-schema", plain, {"store_schema": False, "use_compliant_nested_type": False, "version": "1.0"}),
        ("large", big, {"compression": "zstd"}),
        ("dictionary", named, {"use_dictionary": ["text", "links.list.element"], "dictionary_pagesize_limit": 2_000}),
        ("delta", plain, {"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY", "id": "DELTA_BINARY_PACKED"}}),
        ("binary", bare, {"row_group_size": 1}),
    ]:
        case(folder, f"{name}.parquet", "flat.jsonl", table, **how)


def nested(folder):
    """Posts in structures, with ids that are text."""
    posts = [
        {"did": f"did:test:{number}", "record": None if number % 19 == 0 else {
            "text": post["text"], "facets": post["links"] and [{"uri": link, "n": 1} for link in post["links"]]},
         "tags": None if number % 5 else [["x"], [], ["listed.example"]]}
        for number, post in enumerate(POSTS)]
    lines(folder, "nested.jsonl", posts)
    facets = pa.list_(pa.struct([("n", pa.int32()), ("uri", pa.string())]))
    record = pa.struct([("facets", facets), ("text", pa.string())])
    schema = pa.schema([("record", record), ("did", pa.string()), ("tags", pa.list_(pa.list_(pa.string())))])
    arguments = ["--id", "did", "--text", "/record/text", "--text", "/tags/*/*", "--links", "/record/facets/*/uri"]
    case(folder, "nested.parquet", "nested.jsonl", pa.Table.from_pylist(posts, schema), arguments, compression="zstd")


def wrong(folder):
    """Columns that are no text, ids of other kinds."""
    posts = [
        {"id": None if number % 3 == 0 else number / 4, "text": "listed.example" if number % 2 else None, "links": None if number % 5 else number}
        for number in range(100)]
    lines(folder, "wrong.jsonl", posts)
    case(folder, "wrong.parquet", "wrong.jsonl", pa.Table.from_pylist(posts))
    posts = [{"id": number % 2 == 0, "text": "listed.example", "links": {"a": "listed.example"}} for number in range(100)]
    lines(folder, "struct.jsonl", posts)
    case(folder, "struct.parquet", "struct.jsonl", pa.Table.from_pylist(posts))
    posts = [{"id": 2**64 - 1 - number, "text": "listed.example"} for number in range(100)]
    lines(folder, "huge.jsonl", posts)
    texts = pa.array([post["text"] for post in posts])
    ids = [post["id"] for post in posts]
    case(folder, "huge.parquet", "huge.jsonl", pa.table({"id": pa.array(ids, pa.uint64()), "text": texts}))
    ids = pa.array([Decimal(number) for number in ids], pa.decimal128(38, 0))
    case(folder, "decimal.parquet", "huge.jsonl", pa.table({"id": ids, "text": texts}))


def times(folder):
    """Times of every kind, around the one that posts are asked for from: 2026-02-01."""
    born = [datetime(2026, 2, 1, tzinfo=timezone.utc) + timedelta(hours=12 * step + 1) for step in range(-20, 20)]
    posts = [{"id": number, "text": "listed.example", "at": None if number == 5 else time.isoformat()} for number, time in enumerate(born)]
    lines(folder, "times.jsonl", posts)
    rest = pa.table({"id": pa.array(range(len(born))), "text": pa.array(["listed.example"] * len(born))})
    born[5] = None
    for name, kind, how in [
        ("millis", pa.timestamp("ms", tz="UTC"), {}),
        ("micros", pa.timestamp("us"), {}),
        ("nanos", pa.timestamp("ns", tz="Europe/Berlin"), {}),
        ("int96", pa.timestamp("ns"), {"use_deprecated_int96_timestamps": True}),
        ("date", pa.date32(), {}),
        ("text", pa.string(), {}),
    ]:
        values = [time and time.isoformat() for time in born] if name == "text" else born
        if name in ("micros", "int96"):
            values = [time and time.replace(tzinfo=None) for time in born]
        table = rest.append_column("at", pa.array(values, kind))
        case(folder, f"{name}.parquet", "times.jsonl", table, ["--time", "at", "--since", "2026-02-01"], **how)


def damaged(folder):
    """Where the second row group has its texts."""
    chunk = pq.read_metadata(folder / "none-checked.parquet").row_group(1).column(1)
    return {"file": "none-checked.parquet", "at": chunk.data_page_offset + 200, "first": ROWS + 1, "lost": ROWS}


def main(folder):
    for write in (flat, nested, wrong, times):
        write(folder)
    (folder / "expected.json").write_text(json.dumps({"cases": CASES, "damaged": damaged(folder)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
