"""A client for launchpool's RPC agents, in Python 3.8 or later, with the standard library alone. Copy it into your project.

    with Agent("com.example.search") as agent:
        agent.call("add", 1, 2)                      # 3
        for hit in agent.stream("search", "x"):      # values as they come; leaving the loop cancels the call
            print(hit)

One call is open at a time. After an agent has exited, the next call starts it again.
"""
import json
import os
import re
import struct
import sys
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, Iterator, Optional, Type, Union

__all__ = ["Agent", "AgentError", "socket_path"]

#: How long a socket that refuses connections is tried again, in seconds: its agent is being replaced.
_ACTIVATION = 1.0


class AgentError(Exception):
    """The error that an agent has answered with. `code` is stable: match it, not the message.

    It is the `code` that the handler gave its error, one of launchpool's own (docs/errors.md), or the number of JSON-RPC.
    """

    def __init__(self, error: Dict[str, Any]) -> None:
        super().__init__(error["message"])
        details = error.get("data") or {}
        self.code: Union[str, int] = details.get("code", error["code"])
        self.name: str = details.get("name", "Error")
        self.data: Any = details.get("data")
        self.hint: Optional[str] = details.get("hint")
        self.retryable: bool = details.get("retryable", False)
        self.stack: Optional[str] = details.get("stack")  # under `launchpool dev` alone


def socket_path(target: str) -> str:
    """The path of the socket of an installed agent, by its label. A path, which has a slash, stays as it is."""
    if "/" in target:
        return target
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", target):
        raise ValueError("not a label: %r" % target)
    if sys.platform == "darwin":
        return str(Path.home() / "Library" / "Application Support" / target / "agent.sock")
    return "%s/%s.sock" % (os.environ.get("XDG_RUNTIME_DIR") or "/run/user/%d" % os.getuid(), target)


class Agent:
    """A connection to an agent, which the first call opens. Not to be shared by threads.

    target: the label of an installed agent, or the path of a socket.
    authkey: the key that the agent requires.
    timeout: the limit of each call in seconds, from the moment at which the agent has read it; None is no limit.
    """

    def __init__(self, target: str, authkey: Optional[bytes] = None, timeout: Optional[float] = None) -> None:
        self.path = socket_path(target)
        self.timeout = timeout
        #: `traceparent` and `tracestate` of W3C Trace Context for the next calls; OpenTelemetry's inject() writes them.
        self.trace: Dict[str, str] = {}
        self._authkey = authkey
        self._connection: Optional[Connection] = None
        self._is_new = False
        #: The frames that were sent on this connection, and the request that is open.
        self._frames = 0
        self._request: Dict[str, Any] = {}

    def __enter__(self) -> "Agent":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection, and thereby cancels a call that is open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, method: str, *params: Any, timeout: Optional[float] = None) -> Any:
        """Calls a method and returns its result. The values of a stream come as one list.

        Raises AgentError for an error of the agent, ConnectionError if the agent exits before it has answered, and
        AuthenticationError if the keys differ.
        """
        self._send(method, params, timeout, False)
        return self._result(self._receive())

    def stream(self, method: str, *params: Any, timeout: Optional[float] = None) -> Iterator[Any]:
        """Calls a method and yields the values of its stream as they come.

        The generator returns what the method returned. To close it, or to leave a loop over it, cancels the call. Raises as
        `call` does, behind the values before the error.
        """
        self._send(method, params, timeout, True)
        is_over = False
        try:
            while True:
                message = self._receive()
                if message.get("method") != "$/items":
                    is_over = True
                    return self._result(message)
                yield from message["params"]["values"]
        finally:
            if not is_over:
                self._cancel()

    def notify(self, method: str, *params: Any) -> None:
        """Starts a method, and awaits neither its result nor its error."""
        self._write({**self.trace, "jsonrpc": "2.0", "method": method, "params": params})

    def _send(self, method: str, params: Any, timeout: Optional[float], stream: bool) -> None:
        request = {**self.trace, "jsonrpc": "2.0", "id": self._request.get("id", 0) + 1}
        request.update(method=method, params=params)
        if stream:
            request["stream"] = True
        limit = self.timeout if timeout is None else timeout
        if limit is not None:
            request["timeoutMs"] = limit * 1000
        self._request = request
        self._write(request)

    def _write(self, message: Dict[str, Any]) -> None:
        payload = json.dumps(message).encode()
        connection = self._connection or self._connect()
        self._frames += 1
        try:
            if self._is_new:
                # The long form of the first header says that the client understands the closing notice.
                _write_all(connection.fileno(), struct.pack("!iQ", -1, len(payload)) + payload)
                self._is_new = False
            else:
                connection.send_bytes(payload)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The agent has left. What it has said before is still to be read.

    def _connect(self) -> Connection:
        end = time.monotonic() + _ACTIVATION
        while True:
            try:
                self._connection = Client(self.path, "AF_UNIX", self._authkey)
                self._is_new, self._frames = True, 0
                return self._connection
            except (ConnectionRefusedError, FileNotFoundError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def _receive(self) -> Dict[str, Any]:
        while True:
            try:
                message = json.loads(self._connection.recv_bytes()) if self._connection else None
            except (EOFError, ConnectionResetError):
                message = None
            if message is None:
                self.close()
                raise ConnectionError("the agent closed the connection before it answered")
            if message.get("method") == "$/closing":
                has_run = message["params"]["run"] >= self._frames
                self.close()
                if not has_run:
                    self._write(self._request)  # The next process of the agent gets it.
            elif message.get("id", message.get("params", {}).get("id")) in (self._request["id"], None):
                return message

    def _result(self, message: Dict[str, Any]) -> Any:
        if "error" in message:
            raise AgentError(message["error"])
        return message["result"]

    def _cancel(self) -> None:
        if self._connection is None:
            return
        self._write({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": self._request["id"]}})
        try:
            while "id" not in self._receive():
                pass
        except ConnectionError:
            pass


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
