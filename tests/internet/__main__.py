"""A little internet for tests: runs a command where every address answers, and none of it is outside.

    python3 tests/internet SPEC.json COMMAND [ARGUMENT...]

Two network namespaces without any way out are joined by a cable. The command runs in the one called "here", which has a
loopback, the addresses of the cable, those that the spec calls `own`, and sends everything else through the cable. In the
other, "internet", every address there is belongs to it: whatever the command dials is taken and written down, be it an
address that nobody should dial. It needs root, or user namespaces. All keys of the spec but `log` can be left out:

    log      file for what happens, a JSON object a line, by `event`: asked (of the name server at 198.18.0.2:53), dialled
             (each first packet of TCP or UDP that leaves a socket here, also towards loopback), request, ended
    seconds  the command is ended after so long (60)
    own      addresses of an interface here
    dns      {name: [[addresses of the first answer], [of the second, and so on: the last is repeated]]},
             {name: {"cname": name}}, {name: {"rcode": "NXDOMAIN"}}: also SERVFAIL, REFUSED, FORMERR, and what is no answer:
             TIMEOUT (silence), TRUNCATED (over TCP as well), WRONGID, GARBAGE
    http     ports with HTTP on every address ([80])
    https    the same with TLS ([443]); `tls` has [certificate, key], two files in PEM; `tls_of` others by name
    ports    ports on which connections are taken and closed, there and here (here also 80 and 443)
    routes   {"host/path": answer}, or a list of answers given in turn; `host/*` for all other paths. An answer has `status`,
             `headers` [[name, value]...], `body`, `delay_ms`, `hangs`, or `raw`: all bytes, in Latin-1. The rest is 200.
    also     commands that run in "internet" meanwhile
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

from names import Names
from pages import Pages
from wire import Log, listen, thread, watch

FOLDER = os.path.dirname(os.path.abspath(__file__))
HERE, THERE, HERE6, THERE6 = "198.18.0.1", "198.18.0.2", "fd00:18::1", "fd00:18::2"
DNS_PORT = 53


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def here(spec, command, control):
    """Runs the command in a namespace of its own, once the cable is in."""
    os.write(control, b"r")
    if os.read(control, 1) != b"c":
        return 2
    thread(lambda: os.read(control, 1) or os.killpg(0, signal.SIGKILL))  # the other side is gone
    ip("link", "set", "lo", "up")
    ip("addr", "add", f"{HERE}/30", "dev", "here")
    ip("addr", "add", f"{HERE6}/64", "dev", "here", "nodad")
    for address in spec.get("own", []):
        ip("addr", "add", address, "dev", "here", *(["nodad"] if ":" in address else []))
    ip("link", "set", "here", "up")
    ip("route", "add", "default", "via", THERE)
    ip("-6", "route", "add", "default", "via", THERE6)
    for port in {80, 443, *spec.get("ports", [])}:
        listen(port, lambda connection: connection.close())
    log, done = Log(spec["log"]), threading.Event()
    watcher = threading.Thread(target=watch, args=(log, done, (THERE, DNS_PORT)))
    watcher.start()
    began, code = time.monotonic(), None
    time.sleep(0.05)
    with subprocess.Popen(command) as child:
        try:
            code = child.wait(spec.get("seconds", 60))
        except subprocess.TimeoutExpired:
            child.kill()
    seconds = round(time.monotonic() - began, 3)
    done.set()
    watcher.join()
    log.note("ended", code=code, seconds=seconds, rss_max_kb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return 124 if code is None else code if code >= 0 else 128 - code


def internet(spec, arguments):
    """Lays the cable, answers everything, and ends with the command."""
    log = Log(spec["log"])
    ours, theirs = socket.socketpair()
    inner = ["unshare", "-n", sys.executable, "-B", FOLDER, "--here", str(theirs.fileno()), *arguments]
    child = subprocess.Popen(inner, pass_fds=[theirs.fileno()], start_new_session=True)
    theirs.close()
    ours.recv(1)
    ip("link", "set", "lo", "up")
    ip("link", "add", "name", "there", "type", "veth", "peer", "name", "here", "netns", str(child.pid))
    ip("addr", "add", f"{THERE}/30", "dev", "there")
    ip("addr", "add", f"{THERE6}/64", "dev", "there", "nodad")
    ip("link", "set", "there", "up")
    # Whatever is not at the other end of the cable is here.
    for family, there in (("-4", HERE), ("-6", HERE6)):
        ip(family, "route", "add", there, "dev", "there", "table", "local")
        ip(family, "route", "add", "local", "default", "dev", "lo", "table", "local")
    names, pages = Names(spec, log, (THERE, DNS_PORT)), Pages(spec, log)
    thread(names.udp)
    listen(DNS_PORT, names.tcp)
    for port in spec.get("http", [80]):
        listen(port, pages.plain)
    for port in spec.get("https", [443]) if pages.tls else []:
        listen(port, pages.encrypted)
    for port in spec.get("ports", []):
        listen(port, lambda connection: connection.close())
    others = [subprocess.Popen(other, stdin=subprocess.DEVNULL) for other in spec.get("also", [])]
    time.sleep(0.5 if others else 0)
    ours.send(b"c")
    code = child.wait()
    for other in others:
        other.kill()
    return code


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if sys.argv[1] == "--here":
        control, path, *command = sys.argv[2:]
        with open(path) as file:
            return here(json.load(file), command, int(control))
    if sys.argv[1] == "--internet":
        with open(sys.argv[2]) as file:
            return internet(json.load(file), sys.argv[2:])
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    os.execvp("unshare", [*unshare, sys.executable, "-B", FOLDER, "--internet", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
