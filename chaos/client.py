"""Sends requests to an RPC agent for SECONDS, WINDOW at a time, and prints their outcomes. Arguments: PATH SECONDS WINDOW"""
import json
import platform
import sys
import time
from multiprocessing.connection import Client

path, seconds, window = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
end = time.monotonic() + seconds
sent, fates, faults = 0, {}, []


def settle(fate, count=1):
    fates[fate] = fates.get(fate, 0) + count


def read(connection, pending):
    reply = json.loads(connection.recv_bytes())
    expected = pending.pop(reply["id"], None)
    if expected is None:
        faults.append("a second reply, or one without a request: %s" % reply)
    elif "error" in reply:
        settle(reply["error"]["data"]["code"])
    elif reply["result"] != expected:
        faults.append("wrong: %s" % reply)
    else:
        settle("result")


def run_connection(connection, pending):
    global sent
    while time.monotonic() < end:
        while len(pending) < window:
            sent += 1
            text = "python %d" % sent
            pending[sent] = text
            request = {"jsonrpc": "2.0", "id": sent, "method": "sync", "params": [text]}
            connection.send_bytes(json.dumps(request).encode())
        read(connection, pending)
    while pending:
        read(connection, pending)


while time.monotonic() < end:
    pending = {}
    try:
        with Client(path) as connection:
            run_connection(connection, pending)
    except (EOFError, OSError):
        # The connection is closed; the outcomes of its open requests are unknown.
        settle("ERR_LAUNCHPOOL_CONNECTION_CLOSED", len(pending))
        time.sleep(0.05)
print(json.dumps({"version": platform.python_version(), "sent": sent, "fates": fates, "faults": faults[:20]}))
