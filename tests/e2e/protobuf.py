"""Writes protobuf messages by field number, and snappy's block format without compressing: what
agents send, without their libraries."""
import struct


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def fixed(field, value):
    return varint(field << 3 | 1) + struct.pack("<Q", value)


def double(field, value):
    return varint(field << 3 | 1) + struct.pack("<d", value)


def packed_fixed(field, values):
    return text(field, b"".join(struct.pack("<Q", value) for value in values))


def packed_doubles(field, values):
    return text(field, b"".join(struct.pack("<d", value) for value in values))


def snappy(data):
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 60):
        piece = data[at : at + 60]
        out.append((len(piece) - 1) << 2)  # a literal
        out += piece
    return bytes(out)
