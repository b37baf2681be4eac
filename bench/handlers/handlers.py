"""The handlers of the bench in Python, with the work of those in raw/ and rpc/."""

import json
import os
import time

LETTERS = bytes(range(ord("A"), ord("Z") + 1)), bytes(range(ord("a"), ord("z") + 1))
ROT13_TABLE = bytes.maketrans(b"".join(LETTERS), b"".join(row[13:] + row[:13] for row in LETTERS))
ROT13_TEXT_TABLE = dict(enumerate(ROT13_TABLE))
CALIBRATION_SPINS = 100_000
CALIBRATION_ROUNDS = 15

spins_per_us = float(os.environ.get("BENCH_PYTHON_SPINS_PER_US", "0"))


def rot13(message):
    return message.translate(ROT13_TABLE)


def echo(message):
    return message


def work(message):
    if message[:1] == b"S":
        time.sleep(int(message[1:8]) / 1e6)
    elif message[:1] == b"B":
        spin(round(int(message[1:8]) * spins_per_us))
    return message.translate(ROT13_TABLE)


def rpc_rot13(message):
    request = json.loads(message)
    result = request["params"][0].translate(ROT13_TEXT_TABLE)
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()


def rpc_echo(message):
    request = json.loads(message)
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": request["params"][0]}).encode()


def spin(count):
    state = 1
    for _ in range(count):
        state = (state * 5 + 1) & 0xFFFF
    return state


def calibrate_spins():
    """The fastest of several rounds: other processes can only make it slower."""
    fastest = float("inf")
    for _ in range(CALIBRATION_ROUNDS):
        started_at = time.perf_counter()
        spin(CALIBRATION_SPINS)
        fastest = min(fastest, time.perf_counter() - started_at)
    return CALIBRATION_SPINS / (fastest * 1e6)


HANDLERS = {
    ("raw", "rot13"): rot13,
    ("raw", "echo"): echo,
    ("raw", "work"): work,
    ("rpc", "rot13"): rpc_rot13,
    ("rpc", "echo"): rpc_echo,
}

if __name__ == "__main__":
    print(calibrate_spins())
