#!/usr/bin/python3
"""Talks in frames to the device that CRYPTOSERVER names: /dev/cs2a, unix:PATH or PORT@ADDRESS.

    client.py             shows the device's state
    client.py challenge   asks for a challenge of 10 bytes, which the firmware refuses: B0830063
"""
import os
import socket
import struct
import sys


class DeviceError(Exception):
    def __init__(self, code):
        super().__init__(f"{code:08X}")
        self.code = code


class Device:
    """One session of frames; a request and its answer at a time."""

    def __init__(self, name):
        if "@" in name:
            port, _, address = name.partition("@")
            self._line = socket.create_connection((address, int(port))).makefile("rwb", buffering=0)
        elif name.startswith("unix:"):
            line = socket.socket(socket.AF_UNIX)
            line.connect(name[len("unix:"):])
            self._line = line.makefile("rwb", buffering=0)
        else:
            self._line = os.fdopen(os.open(name, os.O_RDWR), "r+b", buffering=0)

    def execute(self, fc, sfc, block=b""):
        """The answer's block. Raises DeviceError with the device's code."""
        length = 7 + len(block)
        self._line.write(struct.pack(">B", 0x9C) + length.to_bytes(3, "big") + struct.pack(">HB", fc, sfc) + block)
        head = self._read(4)
        body = self._read(int.from_bytes(head[1:], "big") - 4)
        if head[0] == 0x9E:
            raise DeviceError(int.from_bytes(body[:4], "big"))
        return body

    def _read(self, size):
        data = b""
        while len(data) < size:
            part = self._line.read(size - len(data))
            if not part:
                raise ConnectionError("the device hung up")
            data += part
        return data


def main():
    device = Device(os.environ.get("CRYPTOSERVER", "/dev/cs2a"))
    try:
        if sys.argv[1:] == ["challenge"]:
            device.execute(0x083, 0x01, struct.pack(">H", 10))
        else:
            print(device.execute(0x087, 0x01).decode(), end="")
    except DeviceError as error:
        print("error", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
