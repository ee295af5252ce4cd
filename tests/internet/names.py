"""The name server: says what the spec scripts."""

import contextlib
import random
import socket
import struct
import threading

RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
TYPES = {1: socket.AF_INET, 28: socket.AF_INET6}
UDP_MAX_BYTES = 1232


class Names:
    def __init__(self, spec, log, place):
        self.place = place
        self.script = {name.lower(): said for name, said in spec.get("dns", {}).items()}
        self.asked, self.lock, self.log = {}, threading.Lock(), log

    def udp(self):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(self.place)
        while True:
            query, client = server.recvfrom(4096)
            with contextlib.suppress(IndexError, struct.error):
                answer = self.answer(query)
                if answer and len(answer) > UDP_MAX_BYTES:
                    answer = self.head(query, 0x0200, 0) + self.question(query)[2]
                if answer:
                    server.sendto(answer, client)

    def tcp(self, connection):
        with connection, connection.makefile("rb") as stream:
            while length := stream.read(2):
                answer = self.answer(stream.read(struct.unpack(">H", length)[0]))
                if answer:
                    connection.sendall(struct.pack(">H", len(answer)) + answer)

    @staticmethod
    def question(query):
        """Name, type, and the section as it stands in the query."""
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        return ".".join(labels).lower(), struct.unpack_from(">H", query, at + 1)[0], query[12 : at + 5]

    @staticmethod
    def head(query, flags, answers):
        return query[:2] + struct.pack(">HHHHH", 0x8180 | flags, 1, answers, 0, 0)

    def answer(self, query):
        name, kind, question = self.question(query)
        with self.lock:
            turn = self.asked[name, kind] = self.asked.get((name, kind), -1) + 1
        self.log.note("asked", name=name, type=kind)
        records, owner, said = [], name, self.script.get(name)
        while isinstance(said, dict) and "cname" in said and len(records) < 64:
            records.append(record(owner, 5, encode(said["cname"])))
            owner = said["cname"].lower()
            said = self.script.get(owner)
        code = "NXDOMAIN" if said is None else "NOERROR"
        if isinstance(said, dict):  # one that points to itself is cut after a while
            code = said.get("rcode", "NOERROR")
        elif said:
            for address in said[min(turn, len(said) - 1)]:
                if (":" in address) == (kind == 28) and kind in TYPES:
                    records.append(record(owner, kind, socket.inet_pton(TYPES[kind], address)))
        if code in RCODES:
            return self.head(query, RCODES[code], len(records)) + question + b"".join(records)
        other = bytes([query[0] ^ 255, query[1]]) + query[2:12]
        return {
            "TIMEOUT": None,
            "TRUNCATED": self.head(query, 0x0200, 0) + question,
            "WRONGID": self.head(other, 0, 0) + question,
            "GARBAGE": query[:2] + random.randbytes(60),
        }[code]


def encode(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".") if label) + b"\0"


def record(owner, kind, data):
    return encode(owner) + struct.pack(">HHIH", kind, 1, 0, len(data)) + data
