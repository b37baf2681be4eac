"""Python on descriptor 3: alone, or with a multiprocessing.Pool of two."""

import os
import socket
import sys
from multiprocessing import Pool
from multiprocessing.connection import Connection

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "handlers"))

from handlers import HANDLERS  # noqa: E402


def serve(handle):
    listener = socket.socket(fileno=3)
    while True:
        accepted, _ = listener.accept()
        connection = Connection(accepted.detach())
        try:
            while True:
                connection.send_bytes(handle(connection.recv_bytes()))
        except (EOFError, OSError):
            connection.close()


if __name__ == "__main__":
    rot13 = HANDLERS["raw", "rot13"]
    if sys.argv[1] == "pool":
        with Pool(2) as pool:
            serve(lambda message: pool.apply(rot13, (message,)))
    else:
        serve(rot13)
