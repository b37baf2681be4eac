"""Runs a program on a terminal of its own; standard input is typed there, standard output is what it shows."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios

pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    for source in select.select([0, terminal], [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            # The program has closed the terminal.
            data = b""
        if not data:
            sys.exit(0)
        target = terminal if source == 0 else 1
        while data:
            data = data[os.write(target, data):]
