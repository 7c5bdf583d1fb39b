"""Names, addresses, folders and settings from outside."""

import functools
import http.server
import threading
from pathlib import Path

from tests.helpers.faults.harness import OTHER, ROOT, expect, fault, refused, run


@fault("names that would drive a terminal, or are markup")
def hostile(folder: Path) -> str:
    name = "a\x1b[31m[/b]<b>"
    rows = "\n".join(f"{i % 7},{i % 5},{i % 2}" for i in range(60))
    (folder / "t.csv").write_text(f"{name},b,y\n{rows}\n", encoding="utf-8")
    out = folder / "out[/x]"
    flags = ["--data", folder / "t.csv", "--target", "y", *OTHER[2:], "--out", out]
    said = run(flags)
    said += run(["--data", folder / "t.csv", "--target", "y", "--inspect"])
    expect("\x1b" not in said, "an escape sequence reaches the terminal")
    page = (out / "report.html").read_text(encoding="utf-8")
    expect("[/b]<b>" not in page, "a name is markup in the report")
    return "shown as text, and the results are in the folder of that name"


@fault("a password and a token in a URL")
def secrets(folder: Path) -> str:
    rows = "\n".join(f"{i % 7},{i % 5},{i % 2}" for i in range(60))
    (folder / "t.csv").write_text(f"a,b,y\n{rows}\n", encoding="utf-8")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://me:hunter2@127.0.0.1:{server.server_port}/t.csv?token=hunter3"
        flags = ["--data", url, "--target", "y", *OTHER[2:], "--out", folder / "r"]
        said = run(flags)
        said += refused([flag.replace("t.csv", "no.csv") for flag in map(str, flags)])
        server.shutdown()
    files = {file.name: file.read_bytes() for file in (folder / "r").rglob("*") if file.is_file()}
    shown = [name for name, content in files.items() if b"hunter" in content]
    expect(not shown and "hunter" not in said, f"shown on the screen or in {shown}")
    return f"in none of {len(files)} files, and not on the screen"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@fault("folders: a link, the one we are in, a narrow terminal, a name of 300 characters")
def folders(folder: Path) -> str:
    (folder / "real").mkdir()
    (folder / "link").symlink_to(folder / "real")
    run([*OTHER, "--out", folder / "link"], env={"COLUMNS": "20"})
    expect((folder / "real" / "report.html").exists(), "nothing where the link leads")
    (folder / "here").mkdir()
    run([*OTHER, "--out", "."], cwd=folder / "here", env={"PYTHONPATH": str(ROOT)})
    expect((folder / "here" / "report.html").exists(), "nothing in the folder we are in")
    return refused([*OTHER, "--out", folder / ("x" * 300)])[-60:]


@fault("names that UTF-8 cannot hold")
def names(folder: Path) -> str:
    """They are named before anything is trained."""
    file = folder / "caf\udce9.csv"
    file.write_text("x,y\n" + "\n".join(f"{i},{'ab'[i % 2]}" for i in range(60)))
    said = [
        refused(["--data", file, "--target", "y", *OTHER[2:], "--out", folder / "r"]),
        refused([*OTHER, "--out", folder / "r\udcff"]),
    ]
    expect(not any(folder.glob("*/results.csv")), "it was trained")
    return said[0].replace(str(folder), "")


@fault("settings of JAX that nothing can run under")
def settings(folder: Path) -> str:
    """Each is refused."""
    said = [
        refused([*OTHER, "--out", folder / "r"], env={name: value})
        for name, value in {
            "JAX_ENABLE_X64": "1",
            "JAX_DEFAULT_PRNG_IMPL": "rbg",
            "JAX_DEBUG_NANS": "1",
            "JAX_DISABLE_JIT": "1",
            "JAX_PLATFORMS": "none_such",
            "JAX_DEFAULT_MATMUL_PRECISION": "none_such",
        }.items()
    ]
    return said[0]
