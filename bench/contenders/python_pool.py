"""multiprocessing.connection.Listener, each connection on a thread that hands the work to a multiprocessing.Pool."""

import signal
from multiprocessing import Pool

from python_server import invocation, serve

if __name__ == "__main__":
    path, threads, handler = invocation()
    with Pool(threads, initializer=signal.signal, initargs=(signal.SIGTERM, signal.SIG_DFL)) as pool:
        serve(path, lambda message: pool.apply(handler, (message,)))
