# Judges deliveries by the sample beside it: one a line, {"id", "timestamp", "signature", "body", "secrets", "now"}.
import json
import sys

import receiver

for line in sys.stdin:
    d = json.loads(line)
    headers = {"webhook-" + name: d[name] for name in ("id", "timestamp", "signature") if d[name] != ""}
    try:
        keys = [receiver.parse_key(secret) for secret in d["secrets"]]
        print(json.dumps({"id": receiver.verify(headers, d["body"].encode("utf-8"), keys, d["now"])}))
    except receiver.Refused as reason:
        print(json.dumps({"refused": str(reason)}))
