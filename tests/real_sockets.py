"""A real WebSocket library on both sides of a proxy.

    target/python/bin/python -I -B tests/real_sockets.py /PATH

Prints the port of a platform that takes WebSockets everywhere, reads the address of a proxy before it, and talks to the
platform through that: a line for each thing that was tried, its name and what came of it.
"""

import asyncio
import http
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

LARGE = bytes(range(256)) * 4096


async def platform(socket):
    if socket.request.path.endswith("greet=1"):
        await socket.send("welcome")
    async for message in socket:
        if message == "leave":
            await socket.close(4001, "as you wish")
            return
        await socket.send(message)


def admit(connection, request):
    if request.path.endswith("refuse=1"):
        return connection.respond(http.HTTPStatus.FORBIDDEN, "no\n")
    return None


async def echoed(socket, message):
    await socket.send(message)
    return "done" if await asyncio.wait_for(socket.recv(), 10) == message else "changed"


def opened(url):
    return connect(url, max_size=None, subprotocols=["one", "two"])


async def attempts(url, path):
    async with opened(url + path) as socket:
        yield "subprotocol", socket.subprotocol
        yield "text", await echoed(socket, "see https://fine.example/page")
        yield "large", await echoed(socket, LARGE)
        yield "empty", await echoed(socket, b"")
        yield "many", {await echoed(socket, str(number)) for number in range(500)}.pop()
        yield "ping", "done" if await asyncio.wait_for(await socket.ping(), 10) >= 0 else "lost"
        await socket.send("leave")
        try:
            await asyncio.wait_for(socket.recv(), 10)
        except ConnectionClosed as closed:
            yield "close", f"{closed.rcvd.code} {closed.rcvd.reason}"
    async with opened(f"{url}{path}?greet=1") as socket:
        yield "greeting", await asyncio.wait_for(socket.recv(), 10)
    sockets = await asyncio.gather(*(opened(url + path) for _ in range(50)))
    told = await asyncio.gather(*(echoed(socket, str(number)) for number, socket in enumerate(sockets)))
    await asyncio.gather(*(socket.close() for socket in sockets))
    yield "at once", " ".join(sorted(set(told)))
    for name, elsewhere in (("refused", f"{path}?refuse=1"), ("elsewhere", "/elsewhere"), ("spelled oddly", f"/.{path}")):
        try:
            async with opened(url + elsewhere):
                yield name, "open"
        except InvalidStatus as refused:
            yield name, str(refused.response.status_code)


async def main():
    async with serve(platform, "127.0.0.1", 0, process_request=admit, max_size=None, subprotocols=["two"]) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        url = (await asyncio.to_thread(sys.stdin.readline)).strip()
        async for name, told in attempts(url, sys.argv[1]):
            print(f"{name}: {told}", flush=True)


asyncio.run(main())
