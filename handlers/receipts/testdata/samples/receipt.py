"""Verify upload receipts of Postern, and take each upload once.

Shared secrets (HS256) need nothing but Python; key pairs (EdDSA, ES256) need the package "cryptography".

    python3 receipt.py < requests      one a line: {"receipt", "issuer", "profile", "subject", "nonce", "secrets" or "keys"}

prints a line for each: what the receipt says, or why it is refused.
"""
import base64
import hashlib
import hmac
import json
import re
import sys
import time

LEEWAY = 30  # seconds that two clocks may differ
KNOWN = {"iss", "aud", "jti", "sub", "profile", "bucket", "key", "version", "size", "type", "etag", "filename",
         "checksum", "metadata", "nonce", "iat", "exp"}


class Refused(Exception):
    """The receipt isn't genuine, or isn't the one expected."""


def decode(text):
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != text:
        raise Refused("malformed")
    return raw


def decode_json(text):
    def members(pairs):
        value = dict(pairs)
        if len(value) != len(pairs):
            raise Refused("malformed")  # a member is there twice
        return value

    try:
        value = json.loads(decode(text).decode("utf-8"), object_pairs_hook=members)
    except ValueError:
        raise Refused("malformed") from None
    if not isinstance(value, dict):
        raise Refused("malformed")
    return value


def key_id(secret):
    digest = hmac.new(secret, b"postern receipt key id", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode("ascii")


def verify_hs256(text, signature, secret):
    return hmac.compare_digest(hmac.new(secret, text, hashlib.sha256).digest(), signature)


def verify_pair(text, signature, jwk):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
    try:
        if jwk["alg"] == "EdDSA":
            ed25519.Ed25519PublicKey.from_public_bytes(decode(jwk["x"])).verify(signature, text)
        else:
            if len(signature) != 64:
                return False
            point = ec.EllipticCurvePublicNumbers(int.from_bytes(decode(jwk["x"]), "big"),
                                                  int.from_bytes(decode(jwk["y"]), "big"), ec.SECP256R1())
            der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            point.public_key().verify(der, text, ec.ECDSA(hashes.SHA256()))
        return True
    except InvalidSignature:
        return False


def check_signature(header, text, signature, secrets, keys):
    """The key that the receipt names, among ours alone, with that key's one algorithm."""
    if header.get("typ") != "postern-receipt+jwt" or "crit" in header:
        raise Refused("malformed")
    for secret in secrets:
        if header.get("alg") == "HS256" and header.get("kid") == key_id(secret) and verify_hs256(text, signature, secret):
            return
    for jwk in keys:
        if header.get("alg") == jwk["alg"] and header.get("kid") == jwk["kid"] and verify_pair(text, signature, jwk):
            return
    raise Refused("signature")


def verify(receipt, issuer, profile, subject, nonce="", secrets=(), keys=(), now=None):
    """What the receipt says, as a dict. keys is the list at /receipts/keys; nonce binds it to your session on public profiles."""
    now = time.time() if now is None else now
    if len(receipt) > 4096 or not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", receipt, re.ASCII):
        raise Refused("malformed")
    header, payload, signature = receipt.split(".")
    check_signature(decode_json(header), (header + "." + payload).encode("ascii"), decode(signature), secrets, keys)
    claims = decode_json(payload)
    if claims.get("aud") != "postern:receipt" or not set(claims) <= KNOWN:
        raise Refused("malformed")
    if not all(type(claims.get(n)) is int for n in ("iat", "exp", "size")) or claims["size"] < 0:
        raise Refused("malformed")
    if not all(isinstance(claims.get(n), str) and claims[n] for n in ("jti", "sub", "profile", "bucket", "key", "etag")):
        raise Refused("malformed")
    if claims.get("iss") != issuer:
        raise Refused("issuer")
    if claims["iat"] > now + LEEWAY:
        raise Refused("early")
    if claims["exp"] <= now - LEEWAY:
        raise Refused("expired")
    for name, wanted in (("profile", profile), ("sub", subject), ("nonce", nonce)):
        if claims.get(name, "") != wanted:
            raise Refused("subject" if name == "sub" else name)
    return claims


def claim(database, receipt, row):
    """Takes an upload for one row. Run it in the transaction that writes the row: the same row may claim it again, another may not.

        create table uploads (id text primary key, row text not null, key text not null)
    """
    database.execute("insert into uploads (id, row, key) values (?, ?, ?) on conflict (id) do nothing",
                     (receipt["jti"], row, receipt["key"]))
    owner, = database.execute("select row from uploads where id = ?", (receipt["jti"],)).fetchone()
    if owner != row:
        raise Refused("claimed")


if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        try:
            said = verify(request["receipt"], request["issuer"], request["profile"], request["subject"], request.get("nonce", ""),
                          [s.encode("utf-8") for s in request.get("secrets", [])], request.get("keys", []), request.get("now"))
            print(json.dumps({"said": said}))
        except Refused as reason:
            print(json.dumps({"refused": str(reason)}))
