"""Reads deliveries as a platform would that is built on the libraries of Standard Webhooks and of CloudEvents.

    target/python/bin/python tests/webhook_judge.py SECRET <deliveries.jsonl

Each line of the input has `headers` and `body`, each line of the output what was understood, or why it was not.
"""

import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from standardwebhooks import Webhook

webhook = Webhook(sys.argv[1])
for line in sys.stdin:
    delivery = json.loads(line)
    try:
        webhook.verify(delivery["body"], delivery["headers"])
        event = from_structured_event(HTTPMessage(delivery["headers"], delivery["body"].encode()))
        told = {"id": event.get_id(), "type": event.get_type(), "subject": event.get_subject(), "data": event.get_data()}
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told))
