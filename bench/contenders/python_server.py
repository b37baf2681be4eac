"""The common part of both Python contenders: a Listener, and a thread for each connection."""

import os
import resource
import signal
import sys
import threading
from multiprocessing.connection import Listener

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "handlers"))

from handlers import HANDLERS  # noqa: E402


def invocation():
    socket_path, mode, threads, handler = sys.argv[1:5]
    return socket_path, int(threads), HANDLERS[mode, handler]


def serve(socket_path, handle):
    raise_descriptor_limit()
    with Listener(socket_path, "AF_UNIX", backlog=511) as listener:
        threading.Thread(target=end_with_bench, daemon=True).start()
        print("ready", os.getpid(), flush=True)
        while True:
            connection = listener.accept()
            threading.Thread(target=answer, args=(connection, handle), daemon=True).start()


def answer(connection, handle):
    try:
        while True:
            connection.send_bytes(handle(connection.recv_bytes()))
    except (EOFError, OSError):
        connection.close()


def end_with_bench():
    """Standard input is a pipe from the bench, which ends when the bench does."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def end_on_sigterm(_number, _frame):
    sys.exit(0)


def raise_descriptor_limit():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, OSError):
        pass


signal.signal(signal.SIGTERM, end_on_sigterm)
