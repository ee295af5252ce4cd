"""Posts as a real Mastodon client does, through a proxy, once with harmless links and once with listed ones.

    target/python/bin/python tests/real_clients.py http://127.0.0.1:PORT

Prints a line for each thing that was tried: its name, then `done`, or the error that a person would see.
"""

import io
import sys
from datetime import datetime, timedelta, timezone

from mastodon import Mastodon, MastodonError

FINE = "see https://fine.example/page"
LISTED = "see hxxps://listed[.]example/a"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100_000)


def attempts(client, text):
    later = datetime.now(timezone.utc) + timedelta(days=1)
    media = {"mime_type": "image/png", "file_name": "a.png"}
    yield "post", lambda: client.status_post(text)
    yield "content warning", lambda: client.status_post("x", spoiler_text=text)
    yield "poll", lambda: client.status_post("x", poll=client.make_poll([text, "b"], 3600))
    yield "schedule", lambda: client.status_post(text, scheduled_at=later)
    yield "edit", lambda: client.status_update("1", text)
    yield "upload", lambda: client.media_post(io.BytesIO(PICTURE), description=text, synchronous=False, **media)
    yield "describe", lambda: client.media_update("1", description=text)
    yield "profile", lambda: client.account_update_credentials(note=text)
    yield "profile field", lambda: client.account_update_credentials(fields=[("home", text)])


def main():
    client = Mastodon(access_token="token", api_base_url=sys.argv[1], mastodon_version="4.3.0", version_check_mode="none")
    for kind, text in (("fine", FINE), ("listed", LISTED)):
        for name, attempt in attempts(client, text):
            try:
                attempt()
                print(f"{kind} {name}: done")
            except MastodonError as error:
                print(f"{kind} {name}: {error}")


if __name__ == "__main__":
    main()
