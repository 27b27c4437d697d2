"""A TCP proxy in front of a server, which cuts, holds and slows down what the server says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Rules:
    """What happens to the bytes of a server; without a rule they pass."""

    cut_after: int | None = None
    """Bytes after which both sides are closed."""

    hold_after: int | None = None
    """Bytes after which no more pass, until the proxy ends."""

    pace: float = 0.0
    """Seconds before each single byte."""


class TcpProxy:
    """Passes on what clients of ``port`` say, and what they are answered as the rules go."""

    def __init__(self, to_port: int, rules: Rules) -> None:
        self._to_port = to_port
        self._rules = rules
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        self._holding = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._over.set()
        for item in (self._listener, *self._open):
            _end(item)
        for thread in self._threads:
            thread.join()
        for item in (self._listener, *self._open):
            item.close()

    def hold(self) -> None:
        """Let no more bytes of the server pass, until the proxy ends."""
        self._holding.set()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port))
            except OSError:
                return
            self._open += [client, server]
            for work in (self._ask, self._answer):
                thread = threading.Thread(target=work, args=(client, server))
                self._threads.append(thread)
                thread.start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                server.sendall(data)
        _end(server)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        passed = 0
        rules = self._rules
        with suppress(OSError):
            while data := server.recv(1 if rules.pace else 1 << 16):
                if rules.pace and self._over.wait(rules.pace):
                    break
                if rules.hold_after is not None and passed + len(data) > rules.hold_after:
                    client.sendall(data[: rules.hold_after - passed])
                    self.hold()
                if self._holding.is_set():
                    self._over.wait()
                    break
                if rules.cut_after is not None and passed + len(data) > rules.cut_after:
                    client.sendall(data[: rules.cut_after - passed])
                    break
                client.sendall(data)
                passed += len(data)
        _end(client)
        _end(server)


def _end(item: socket.socket) -> None:
    with suppress(OSError):
        item.shutdown(socket.SHUT_RDWR)


@contextmanager
def silent_port() -> Iterator[int]:
    """A port whose connections are accepted by the system, and never answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port to which no connection comes about: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _ in range(4):
            item = socket.socket()
            item.setblocking(False)
            with suppress(BlockingIOError):
                item.connect(listener.getsockname())
            waiting.append(item)
        try:
            yield int(listener.getsockname()[1])
        finally:
            for item in waiting:
                item.close()


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses connections: bound, so that nobody else gets it."""
    with socket.socket() as item:
        item.bind(("127.0.0.1", 0))
        yield int(item.getsockname()[1])


@contextmanager
def talking_port(text: bytes) -> Iterator[int]:
    """A port that says the same to everybody, whatever they say."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.sendall(text)
                        client.recv(1 << 16)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            _end(listener)
            thread.join()
