"""Pictures to send: PNG written here, JPEG by the library that the server reads it with; and how a browser sends a file."""

import ctypes
import ctypes.util
import struct
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width=64, height=32, pixel=(31, 95, 91, 255), interlaced=False, extra=b"", rows=None):
    """A PNG of one colour. `rows`: what is unpacked instead of the pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, int(interlaced))
    if rows is None:
        rows = (b"\0" + bytes(pixel) * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def jpeg(width=64, height=32, progressive=False):
    turbo = ctypes.CDLL(ctypes.util.find_library("turbojpeg"))
    turbo.tjInitCompress.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(turbo.tjInitCompress())
    rgb = bytes(v for y in range(height) for x in range(width) for v in (x * 255 // width, y * 255 // height, 90))
    out, size = ctypes.POINTER(ctypes.c_ubyte)(), ctypes.c_ulong()
    done = turbo.tjCompress2(handle, rgb, width, 0, height, 0, ctypes.byref(out), ctypes.byref(size), 2, 80, 16384 if progressive else 0)
    assert done == 0
    data = bytes(out[: size.value])
    turbo.tjFree(out)
    turbo.tjDestroy(handle)
    return data


def size_of(data):
    """Width and height of a PNG, whose chunks are looked at too."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, kinds = 8, []
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        assert zlib.crc32(data[at + 4:at + 8 + length]) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
        kinds.append(kind)
        at += 12 + length
    assert kinds[0] == b"IHDR" and kinds[-1] == b"IEND"
    return struct.unpack(">II", data[16:24]), kinds


BOUNDARY = "----WebKitFormBoundaryAb3dEf7h"


def multipart(*parts, boundary=BOUNDARY):
    """A body and its headers; parts are (name, content) or (name, content, filename)."""
    body = b""
    for name, content, *filename in parts:
        body += b"--%s\r\nContent-Disposition: form-data; name=\"%s\"" % (boundary.encode(), name.encode())
        if filename:
            body += b"; filename=\"%s\"\r\nContent-Type: image/png" % filename[0].encode()
        body += b"\r\n\r\n" + content + b"\r\n"
    return body + b"--%s--\r\n" % boundary.encode(), {
        "Content-Type": f"multipart/form-data; boundary={boundary}", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
