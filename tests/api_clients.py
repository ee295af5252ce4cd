"""Asks the check API as clients that exist already do, and then whatever its own description allows and forbids.

    target/python/bin/python tests/api_clients.py http://127.0.0.1:PORT KEY CASES

KEY has every scope, and the demo list is in use. Prints a line for each thing that was tried, the report of schemathesis
with up to CASES cases an operation behind it, and ends with 1 if anything is not as it should be.
"""

import json
import os
import sys
import tempfile
import urllib.request
from pathlib import Path

import jsonschema_rs
import schemathesis
from pysafebrowsing import SafeBrowsing
from schemathesis.cli import schemathesis as command

FINE, LISTED = "https://fine.example/", "https://listed.example/a?b=c"
# Beyond what schemathesis expects for data that is not as described: too many posts, or a URL that is too long.
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]

# Only a link that takes long has a check to ask for, and no request here can make one.
[[operations]]
include-path = "/v1/checks/{id}"
warnings = false

# Of the demo list no versions are kept.
[[operations]]
include-path-regex = "^/v1/lists/"
warnings = false
"""


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def safe_browsing(url, key):
    """Finds what is listed and nothing else."""
    found = SafeBrowsing(key, api_url=f"{url}/v4/threatMatches:find").lookup_urls([FINE, LISTED])
    yield "unlisted", found[FINE] == {"malicious": False}
    expected = {"malicious": True, "platforms": ["ANY_PLATFORM"], "threats": ["SOCIAL_ENGINEERING"], "cache": "300s"}
    yield "listed", found[LISTED] == expected
    many = [f"https://fine{number}.example/" for number in range(60)] + [LISTED]
    found = SafeBrowsing(key, api_url=f"{url}/v4/threatMatches:find").lookup_urls(many)
    yield "many", [url for url, one in found.items() if one["malicious"]] == [LISTED]


def examples(document):
    """Every example of the description is as the schema beside it says."""

    def walk(node, place):
        if isinstance(node, dict):
            if "schema" in node and ("example" in node or "examples" in node):
                values = {"": node["example"]} if "example" in node else node["examples"]
                schema = {**node["schema"], "components": document["components"]}
                validator = jsonschema_rs.validator_for(schema, validate_formats=True)
                for name, one in values.items():
                    yield f"{place} {name}", validator.is_valid(one["value"] if "examples" in node else one)
            for name, inner in node.items():
                yield from walk(inner, f"{place}/{name}")
        elif isinstance(node, list):
            for number, inner in enumerate(node):
                yield from walk(inner, f"{place}/{number}")

    yield from walk({key: document[key] for key in ("paths", "components")}, "")


def described(url, key, cases):
    """Whatever the description allows is answered as it says, and what it forbids is refused as it says."""
    with tempfile.TemporaryDirectory() as folder:
        # It keeps what it has tried where it runs.
        os.chdir(folder)
        config = Path(folder) / "schemathesis.toml"
        config.write_text(CONFIG)
        arguments = ["--config-file", str(config), "run", f"{url}/openapi.json", "--checks", "all", "--no-color"]
        arguments += ["--header", f"Authorization: Bearer {key}", "--max-examples", cases, "--continue-on-failure"]
        # Also the description itself, which it leaves out unless it is told.
        arguments += ["--include-path-regex", ".*", "--generation-database", "none", "--suppress-health-check", "all"]
        try:
            command(arguments, standalone_mode=True)
        except SystemExit as ended:
            return ended.code in (0, None)
    return True


def main():
    url, key, cases = sys.argv[1:]
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        document = json.load(answer)
    failed = 0
    for kind, tried in (("safe browsing", safe_browsing(url, key)), ("example", examples(document))):
        for name, is_right in tried:
            failed += not is_right
            print(f"{kind} {name}: {'right' if is_right else 'WRONG'}", flush=True)
    failed += not described(url, key, cases)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
