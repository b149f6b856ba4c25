"""Writes small MaxMind DB files (format 2.0): a search tree with records of 24 bits, a data section, metadata."""

import ipaddress

UTF8, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11


def control(kind, size):
    """The control byte and what follows it; types from 8 on say 0 and stand in the next byte."""
    first, kind_byte = (kind << 5, b"") if kind < 8 else (0, bytes([kind - 7]))
    if size < 29:
        return bytes([first | size]) + kind_byte
    assert size < 285
    return bytes([first | 29]) + kind_byte + bytes([size - 29])


def encode(value):
    if isinstance(value, str):
        raw = value.encode()
        return control(UTF8, len(raw)) + raw
    if isinstance(value, dict):
        return control(MAP, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return control(ARRAY, len(value)) + b"".join(map(encode, value))
    kind, number = value
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return control(kind, len(raw)) + raw


def place(nodes, network, leaf):
    """Leads the bits of a network to a leaf. IPv4 lies in the first 96 zeros of the tree."""
    net = ipaddress.ip_network(network)
    lead = 96 if net.version == 4 else 0
    bits = f"{int(net.network_address):0{128 - lead}b}"[:net.prefixlen].rjust(lead + net.prefixlen, "0")
    at = 0
    for bit in map(int, bits[:-1]):
        if nodes[at][bit] is None:
            nodes.append([None, None])
            nodes[at][bit] = len(nodes) - 1
        at = nodes[at][bit]
    nodes[at][int(bits[-1])] = ("leaf", leaf)


def write(path, networks):
    """`networks`: what is known of each, by its CIDR; none inside another."""
    nodes, data = [[None, None]], b""
    for network, known in networks.items():
        place(nodes, network, len(data))
        data += encode(known)

    def record(r):
        number = len(nodes) if r is None else r if isinstance(r, int) else len(nodes) + 16 + r[1]
        return number.to_bytes(3, "big")

    metadata = {
        "node_count": (UINT32, len(nodes)), "record_size": (UINT16, 24), "ip_version": (UINT16, 6),
        "database_type": "Test-City", "languages": ["en", "fr"],
        "binary_format_major_version": (UINT16, 2), "binary_format_minor_version": (UINT16, 0),
        "build_epoch": (UINT64, 1_700_000_000), "description": {"en": "for tests"},
    }
    tree = b"".join(record(left) + record(right) for left, right in nodes)
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encode(metadata))
    return path
