"""Print an upload ticket for Postern: POSTERN_TICKET_KEY=... python3 mint.py SUBJECT PROFILE..."""
import base64
import hashlib
import hmac
import json
import os
import sys
import time


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def encode_json(value):
    return encode(json.dumps(value, separators=(",", ":")).encode("utf-8"))


def mint(secret, subject, profiles, lifetime=900):
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT"}
    payload = {
        "sub": subject,        # who uploads: your user's id
        "aud": "postern",
        "profiles": profiles,  # what may be used
        "iat": now,
        "exp": now + lifetime,
        # Optional: "max_size": bytes, "metadata": {...}, "origin": "https://...",
        # "claims": {...} for {claim:NAME} in key templates
    }
    text = encode_json(header) + b"." + encode_json(payload)
    signature = hmac.new(secret, text, hashlib.sha256).digest()
    return (text + b"." + encode(signature)).decode("ascii")


secret = os.environ["POSTERN_TICKET_KEY"].encode("utf-8")  # at least 32 bytes
print(mint(secret, sys.argv[1], sys.argv[2:]))
