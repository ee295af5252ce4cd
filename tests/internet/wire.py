"""What goes on between the two sides: connections taken, packets seen, and the log of it all."""

import contextlib
import json
import socket
import struct
import threading

PATIENCE_S = 20


class Log:
    """Events in a file that both sides append to."""

    def __init__(self, path):
        self.file, self.lock = open(path, "ab", buffering=0), threading.Lock()

    def note(self, event, **fields):
        with self.lock:
            self.file.write(json.dumps({"event": event, **fields}).encode() + b"\n")


def thread(target, *arguments):
    def quiet():
        with contextlib.suppress(OSError, ValueError, IndexError, struct.error):
            target(*arguments)

    threading.Thread(target=quiet, daemon=True).start()


def listen(port, handle):
    """Hands each connection to that port, on whatever address, to a thread."""
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)

    def accept():
        while True:
            connection, _ = server.accept()
            connection.settimeout(PATIENCE_S)
            thread(handle, connection)

    thread(accept)


def watch(log, done, resolver):
    """Writes down each first packet that any socket here sends, until that is asked to end and nothing comes any more; not what goes
    to the resolver."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    wire.settimeout(0.1)
    while True:
        try:
            packet, (_, _, direction, *_) = wire.recvfrom(2048)
        except TimeoutError:
            if done.is_set():
                return
            continue
        if direction != socket.PACKET_OUTGOING or len(packet) < 28:
            continue
        v4 = packet[0] >> 4 == 4
        protocol, to = (packet[9], packet[16:20]) if v4 else (packet[6], packet[24:40])
        inner = packet[(packet[0] & 15) * 4 if v4 else 40 :]
        is_first = protocol == 17 or (protocol == 6 and len(inner) > 13 and inner[13] & 0x12 == 0x02)
        if is_first:
            port = struct.unpack(">H", inner[2:4])[0]
            address = socket.inet_ntop(socket.AF_INET if v4 else socket.AF_INET6, to)
            if (address, port) != resolver:
                log.note("dialled", ip=address, port=port, protocol={6: "tcp", 17: "udp"}[protocol])
