"""What a server sends: as much as may be, as fast as it must be."""

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from experiments.lab.data import location
from experiments.lab.io import limits
from experiments.lab.io.errors import UserError


@contextmanager
def server(body):
    """A local one whose answer ``body(write)`` writes; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):  # the reader has left
                body(self.wfile.write)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.daemon_threads = True
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}/t.csv"
        found.shutdown()
        thread.join()


def endless(write):
    while True:
        write(b"1,2\n" * 10_000)


def test_an_endless_answer_is_left_at_the_limit(monkeypatch):
    monkeypatch.setattr(limits, "file_bytes", lambda: 1_000_000)
    with server(endless) as url, pytest.raises(UserError) as refused:
        location.read_file(url)
    assert str(refused.value) == f"{url}: it has more than 1 MB; give a smaller file"


def test_an_answer_that_hardly_comes_is_left(monkeypatch):
    ticks = iter(range(0, 1000, 20))  # seconds, of which none passes
    monkeypatch.setattr(location, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    enough = threading.Event()

    def trickle(write):
        while not enough.wait(0.005):
            write(b"1,2\n")

    with server(trickle) as url, pytest.raises(UserError) as refused:
        try:
            location.read_file(url)
        finally:
            enough.set()
    assert f"{url}: the server sends 0." in str(refused.value)
    assert "kB per second, less than 1 kB; download the file, and give its path" in str(
        refused.value
    )


def test_an_answer_in_pieces_is_whole():
    with server(lambda write: [write(b"a,b\n"), write(b"1,2\n")]) as url:
        found = location.read_file(url)
    assert found.content == b"a,b\n1,2\n" and (found.name, found.kind) == ("t", "csv")
