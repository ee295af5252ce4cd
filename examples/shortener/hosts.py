"""A tiny internet on this machine: a name server, a shortener in three hops, and the listed host that they lead to.

    python3 hosts.py LOG

Prints the ports of the name server and of the web servers once they listen, and ends with its standard input. Everything is
on 127.0.0.1; each request is a line of LOG: host, path.
"""

import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Where each host sends who asks. The last one is on the demo list: nobody may ask it.
LEADS = {
    "short.test": "http://between.test:{port}/b",
    "between.test": "http://last.test:{port}/c",
    "last.test": "http://listed.test:{port}/page",
    "listed.test": None,
}


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers["Host"].split(":")[0]
        with open(sys.argv[1], "a") as log:
            print(host, self.path, file=log)
        lead = LEADS.get(host)
        self.send_response(302 if lead else 200)
        if lead:
            self.send_header("Location", lead.format(port=self.server.server_port))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def names(server):
    """Answers each question for an IPv4 address of a host with 127.0.0.1, and others with nothing."""
    while True:
        query, client = server.recvfrom(512)
        end = query.index(b"\0", 12)
        kind = struct.unpack_from(">H", query, end + 1)[0]
        labels, at = [], 12
        while at < end:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        known = ".".join(labels).lower() in LEADS
        answers = 1 if known and kind == 1 else 0
        answer = query[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, answers, 0, 0) + query[12 : end + 5]
        if answers:
            answer += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("127.0.0.1")
        server.sendto(answer, client)


def main():
    dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dns.bind(("127.0.0.1", 0))
    web = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=names, args=(dns,), daemon=True).start()
    threading.Thread(target=web.serve_forever, daemon=True).start()
    print(dns.getsockname()[1], web.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
