"""Says by LLDP, every second, that a network device is plugged into a port of a switch, as a switch would.

  lldp-sender.py DEVICE SWITCH PORT
"""
import socket
import struct
import sys
import time

device, switch, port = sys.argv[1:4]


def item(kind, value):
    return struct.pack("!H", kind << 9 | len(value)) + value


FRAME = (
    # Nearest bridge (IEEE 802.1AB, table 7-1), an address of our own, LLDP.
    bytes.fromhex("0180c200000e" + "020000000001" + "88cc")
    + item(1, b"\x04" + bytes.fromhex("020000000001"))
    + item(2, b"\x05" + port.encode())
    + item(3, struct.pack("!H", 120))
    + item(5, switch.encode())
    + item(6, b"Rehearsal switch")
    + item(8, b"\x05\x01" + socket.inet_aton("10.77.0.250") + b"\x02\0\0\0\1\0")
    + item(0, b"")
)
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind((device, 0))
while True:
    try:
        sender.send(FRAME)
    except OSError:
        # The machine is switched off at the moment.
        pass
    time.sleep(1)
