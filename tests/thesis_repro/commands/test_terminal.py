"""Output that fails for no character, and for no stream that the program was started without."""

import io
import os
import subprocess
import sys

import pytest

from thesis_repro.commands.terminal import usable_streams


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "28 × 28 – “R²” ≤ µ 猫 \\udcff"),
        ("latin-1", '28 × 28 - "R²" <= µ \\u732b \\udcff'),
        ("ascii", '28 x 28 - "R2" <= \\xb5 \\u732b \\udcff'),
        ("cp437", '28 x 28 - "R²" ≤ µ \\u732b \\udcff'),
    ],
)
def test_what_an_encoding_lacks_is_spelled_with_what_it_has(monkeypatch, encoding, shown):
    """\\udcff: a byte of a file's name that is no UTF-8."""
    for name in ("stdout", "stderr"):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, name, stream)
        with usable_streams():
            stream.write("28 × 28 – “R²” ≤ µ 猫 \udcff")
        assert stream.buffer.getvalue().decode(encoding) == shown


def run(shell, code, descriptors=()):
    """A program's exit code and output where a shell starts it with streams like these."""
    program = f"""
import os, sys, tempfile
from thesis_repro.commands.terminal import usable_streams
with usable_streams(), tempfile.TemporaryFile() as file:
    {code}
"""
    command = ["bash", "-c", f'exec "$0" -c "$1" {shell}', sys.executable, program]
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=buffered, pass_fds=descriptors
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("shell", "out", "err"),
    [("2>&-", "out\n", ""), (">&-", "", "err\n"), (">&- 2>&-", "", ""), ("<&- 2>&-", "out\n", "")],
)
def test_a_closed_stream_leads_nowhere_and_no_file_gets_its_number(shell, out, err):
    code = """
    print("out"); print("err", file=sys.stderr)
    os.write(2, b""), os.write(1, b"")
    sys.exit(file.fileno() if file.fileno() < 3 else 0)
"""
    assert run(shell, code) == (0, out, err)


def unread_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def closed_terminal():
    terminal, descriptor = os.openpty()
    os.close(terminal)
    return descriptor


def full_disk():
    return os.open("/dev/full", os.O_WRONLY)


@pytest.mark.parametrize(
    ("number", "make"),
    [
        *((1, unread_pipe), (2, unread_pipe)),
        *((1, closed_terminal), (2, closed_terminal), (2, full_disk)),
    ],
)
def test_work_goes_on_where_nobody_reads(number, make):
    """A full disk takes no errors, of which nobody can be told then; output is another matter."""
    code = f"""
    unread, read = (sys.stdout, sys.stderr) if {number} == 1 else (sys.stderr, sys.stdout)
    for _ in range(3):
        print("lost", file=unread, flush=True)
    os.write({number}, b"as libraries do")
    print("done", file=read)
"""
    descriptor = make()
    done = run(f"{number}>&{descriptor}", code, [descriptor])
    os.close(descriptor)
    assert done == ((0, "", "done\n") if number == 1 else (0, "done\n", ""))


@pytest.mark.parametrize("shell", [">/dev/full", "2>/dev/full"])
def test_what_a_stream_does_not_take_is_dropped_at_the_end(shell):
    code = 'sys.stdout.write("out"); sys.stderr.write("err")'
    exit_code, *_ = run(shell, code)
    assert exit_code == 0
