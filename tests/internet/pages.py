"""The web servers: one answer for each host and path, as the spec says."""

import ssl
import threading
import time

HEAD_MAX_BYTES, PATIENCE_S = 1 << 20, 20


class Pages:
    def __init__(self, spec, log):
        self.routes, self.given, self.lock, self.log = spec.get("routes", {}), {}, threading.Lock(), log
        self.tls = context(spec["tls"]) if "tls" in spec else None
        if self.tls:
            others = {name: context(files) for name, files in spec.get("tls_of", {}).items()}
            self.tls.sni_callback = lambda peer, name, own: setattr(peer, "context", others.get(name, own))

    def encrypted(self, connection):
        with connection:
            self.plain(self.tls.wrap_socket(connection, server_side=True), "https")

    def plain(self, connection, scheme="http"):
        with connection:
            while head := self.read(connection):
                lines = head.decode("latin-1").split("\r\n")
                method, path, _ = (lines[0] + "  ").split(" ", 2)
                headers = [line.split(": ", 1) for line in lines[1:] if ": " in line]
                host = next((value for name, value in headers if name.lower() == "host"), "")
                address, port = connection.getsockname()[:2]
                self.log.note("request", method=method, url=f"{scheme}://{host}{path}", ip=plain(address), port=port,
                              headers=headers)
                if not self.give(connection, method, host, path):
                    return

    @staticmethod
    def read(connection):
        head = b""
        while b"\r\n\r\n" not in head and len(head) < HEAD_MAX_BYTES:
            part = connection.recv(65536)
            if not part:
                return b""
            head += part
        return head

    def give(self, connection, method, host, path):
        """Whether the connection can be used again."""
        host = host.rsplit(":", 1)[0]
        key = next((key for key in (f"{host}{path}", f"{host}/*") if key in self.routes), None)
        answers = self.routes.get(key, {})
        if isinstance(answers, list):
            with self.lock:
                turn = self.given[key] = self.given.get(key, -1) + 1
            answers = answers[min(turn, len(answers) - 1)]
        time.sleep(min(answers.get("delay_ms", 0) / 1000, PATIENCE_S))
        if answers.get("hangs"):
            time.sleep(PATIENCE_S)
            return False
        if "raw" in answers:
            connection.sendall(answers["raw"].encode("latin-1"))
            return False
        body = answers.get("body", "fine").encode()
        headers = [["Content-Length", str(len(body))], ["Content-Type", "text/html"], *answers.get("headers", [])]
        lines = [f"HTTP/1.1 {answers.get('status', 200)} Said", *(f"{name}: {value}" for name, value in headers), "", ""]
        connection.sendall("\r\n".join(lines).encode("latin-1") + (b"" if method == "HEAD" else body))
        return True


def context(files):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*files)
    return made


def plain(address):
    return address.removeprefix("::ffff:") if "." in address else address
