"""log_proof.py - checks the log's evidence with nothing of attend's own code.

Merkle proofs as in RFC 9162 (section 2.1.3.2 and 2.1.4.2), checkpoints as C2SP
signed notes, Ed25519 as in RFC 8032 (section 5.1.7, in plain Python: slow, short,
and meant to be read beside the RFC).

SPDX-License-Identifier: Apache-2.0
"""
import base64
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def inclusion_root(index, size, leaf, path):
    """The root that an inclusion proof leads to; None where the proof has another form."""
    if index >= size:
        return None
    fn, sn, root = index, size - 1, leaf
    for step in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            root = node_hash(step, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, step)
        fn, sn = fn >> 1, sn >> 1
    return root if sn == 0 else None


def consistent(first, second, first_root, second_root, path):
    """Is the tree of size `first` the beginning of that of size `second`?"""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second or not path:
        return False
    if first & (first - 1) == 0:
        path = [first_root] + path
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for step in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(step, fr), node_hash(step, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


# ---- Ed25519: points as (X, Y, Z, T) ----

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def x_of(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def point_of(data):
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = x_of(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed(public, message, signature):
    """Is it an Ed25519 signature of `message` by `public`?"""
    key, r = point_of(public), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# ---- checkpoints ----

def open_checkpoint(note, vkey):
    """(size, root) of a signed note, checked with the key in `vkey`; None where it doesn't hold."""
    name, key_id, encoded = vkey.strip().split("+", 2)
    key = base64.b64decode(encoded)
    if key[:1] != b"\x01" or len(key) != 33:
        return None
    if hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() != key_id:
        return None
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        dash, signer, encoded = line.split(" ")
        raw = base64.b64decode(encoded)
        if dash == "\u2014" and signer == name and raw[:4].hex() == key_id:
            if not signed(key[1:], text.encode(), raw[4:]):
                return None
            lines = text.split("\n")
            return (int(lines[1]), base64.b64decode(lines[2])) if lines[0] == name else None
    return None
