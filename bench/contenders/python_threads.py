"""multiprocessing.connection.Listener, each connection on a thread that also does the work."""

from python_server import invocation, serve

if __name__ == "__main__":
    path, _threads, handler = invocation()
    serve(path, handler)
