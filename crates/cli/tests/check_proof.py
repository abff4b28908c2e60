"""Checks a proof without any code of Tribune: RFC 6962, C2SP tlog-proof, signed-note, tlog-checkpoint
and tlog-cosignature, written from those texts alone.

    check_proof.py PROOF LOG_KEY [WITNESS_KEY]...

Says what holds and exits with 0, or says what does not and exits with 1. Hashes and the format need the
standard library only; signatures need the package `cryptography`, and where that is not installed the
script says so and exits with 3, having checked all else.
"""

import base64
import hashlib
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None


def refuse(why):
    print("does not hold:", why)
    sys.exit(1)


def decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        refuse("not base64: " + text)


def sha256(data):
    return hashlib.sha256(data).digest()


def largest_power_below(number):
    power = 1
    while 2 * power < number:
        power *= 2
    return power


def root(leaf, index, size, path):
    """The root by the recursion of RFC 6962, section 2.1.1, turned round: the last hash of the path
    is that of the half of the tree in which the entry is not."""
    if size == 1:
        if path:
            refuse("the path is too long")
        return leaf
    if not path:
        refuse("the path is too short")
    split = largest_power_below(size)
    *below, other = path
    if index < split:
        return sha256(b"\x01" + root(leaf, index, split, below) + other)
    return sha256(b"\x01" + other + root(leaf, index - split, size - split, below))


def key_of(vkey, kind, name=None):
    """A verifier key: its name, its id and the key itself."""
    own, stated, encoded = vkey.strip().split("+", 2)
    key = decoded(encoded)
    if key[0] != kind or len(key) != 33:
        refuse("a key of another kind")
    if sha256(own.encode() + b"\n" + key)[:4].hex() != stated:
        refuse("the id of a key is not its own")
    name = name or own
    return name, sha256(name.encode() + b"\n" + key)[:4], key[1:]


def verified(key, signature, message):
    if Ed25519PublicKey is None:
        return
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        refuse("a signature does not match")


def main(proof, log_key, *witness_keys):
    with open(proof, encoding="utf-8", newline="") as file:
        text = file.read()
    title, rest = text.split("\n", 1)
    if title != "c2sp.org/tlog-proof@v1":
        refuse("not a proof of this version")
    head, checkpoint = rest.split("\n\n", 1)
    lines = head.split("\n")
    if not lines[0].startswith("extra "):
        refuse("the entry is not in it")
    entry = decoded(lines.pop(0)[len("extra "):])
    if not lines[0].startswith("index "):
        refuse("no index")
    index = int(lines.pop(0)[len("index "):])
    path = [decoded(line) for line in lines]

    body, signatures = checkpoint.rsplit("\n\n", 1)
    body += "\n"
    origin, size, stated_root = body.split("\n")[:3]
    size = int(size)
    if not 0 <= index < size:
        refuse("the index is beyond the log")
    if root(sha256(b"\x00" + entry), index, size, path) != decoded(stated_root):
        refuse("the path does not lead to the root")

    found = {}
    for line in signatures.rstrip("\n").split("\n"):
        dash, name, encoded = line.split(" ")
        signature = decoded(encoded)
        if dash != "\u2014" or (name, signature[:4]) in found:
            refuse("the lines of signatures are not as they should be")
        found[name, signature[:4]] = signature[4:]

    # A key named `tribune` is a person's, for any record: each record signs under its own name.
    any_record = log_key.startswith("tribune+") and origin.startswith("tribune/")
    name, key_id, key = key_of(log_key, 1, origin if any_record else None)
    if name != origin or (name, key_id) not in found:
        refuse("the log did not sign")
    verified(key, found[name, key_id], body.encode())
    for witness in witness_keys:
        name, key_id, key = key_of(witness, 4)
        if (name, key_id) not in found:
            refuse(name + " did not sign")
        line = found[name, key_id]
        time = int.from_bytes(line[:8], "big")
        message = "cosignature/v1\ntime {}\n{}".format(time, body)
        verified(key, line[8:], message.encode())
        print("witnessed by", name, "at", time)
    print("entry", index, "of", size, "of", origin, hashlib.sha256(entry).hexdigest())
    if Ed25519PublicKey is None:
        print("signatures were not checked: the package cryptography is not installed")
        sys.exit(3)


if __name__ == "__main__":
    main(*sys.argv[1:])
