"""Fetching, against a real server on loopback that behaves well and badly."""

import errno
import gzip
import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

from data_prep import fetch as fetching
from data_prep.downloads import DOWNLOADS, RESTRICTED, Download
from data_prep.errors import DataError
from data_prep.fetch import fetch
from data_prep.mnist import OFFICIAL_FILES

ROOT = Path(__file__).resolve().parents[2]
DATA = bytes(range(256)) * 1200  # several chunks
THEN = "thesis-repro data prepare it"  # the next command
HALF = len(DATA) // 2
NAME = "file.bin"


class Server:
    """Answers each path with its next behaviour, with the last one from then on; keeps a log."""

    def __init__(self, address: str):
        self.address = address
        self.behaviours = {}
        self.log = []
        self.gate = threading.Event()  # what hangs, hangs until this is set

    def at(self, path, *behaviours):
        self.behaviours[path] = list(behaviours)
        return self.address + path

    def answer(self, handler):
        self.log.append((handler.path, handler.headers["Range"]))
        behaviours = self.behaviours[handler.path]
        behaviour = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        behaviour(handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.close_connection = True
        self.server.behaviour.answer(self)

    def begin(self, status=200, **headers):
        self.send_response(status)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *_):
        pass


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # the client may hang up whenever it likes
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching, "PAUSES", (0.0, 0.0))
    http = QuietServer(("127.0.0.1", 0), Handler)
    http.behaviour = Server(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield http.behaviour
    http.behaviour.gate.set()
    http.shutdown()
    thread.join()
    http.server_close()


def whole(handler, data=DATA):
    """A server that does not know ranges."""
    handler.begin(Content_Length=len(data))
    handler.wfile.write(data)


def ranges(handler, data=DATA):
    asked = handler.headers["Range"]
    if asked is None:
        return whole(handler, data)
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    if start >= len(data):
        return handler.begin(416, Content_Range=f"bytes */{len(data)}", Content_Length=0)
    handler.begin(
        206,
        Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}",
        Content_Length=len(data) - start,
    )
    return handler.wfile.write(data[start:])


def cut(handler):
    handler.begin(Content_Length=len(DATA))
    handler.wfile.write(DATA[:HALF])


def slow(handler):
    handler.begin(Content_Length=len(DATA))
    for start in range(0, len(DATA), len(DATA) // 10):
        handler.wfile.write(DATA[start : start + len(DATA) // 10])
        time.sleep(0.02)


def no_length(handler):
    handler.begin()
    handler.wfile.write(DATA)


def chunked(handler, data=DATA, end=b"\r\n0\r\n\r\n"):
    handler.begin(Transfer_Encoding="chunked")
    handler.wfile.write(b"%x\r\n%b%b" % (len(DATA), data, end))


def chunked_cut(handler):
    chunked(handler, DATA[:HALF], b"")


def promise_more(handler):
    handler.begin(Content_Length=len(DATA) + 10)
    handler.wfile.write(DATA)


def compressing(handler):
    """A server that compresses for those who accept it."""
    accepted = handler.headers["Accept-Encoding"] or ""
    whole(handler, gzip.compress(DATA) if "gzip" in accepted else DATA)


def called_gzip(handler):
    """A server that calls the file, which is no gzip at all, a compressed answer."""
    handler.begin(Content_Length=len(DATA), Content_Encoding="x-gzip")
    handler.wfile.write(DATA)


def wrong(handler):
    ranges(handler, b"x" * len(DATA))


def login_page(handler):
    whole(handler, b"<html>Log in to this network</html>")


def wrong_range(handler):
    handler.begin(206, Content_Range=f"bytes 0-9/{len(DATA)}", Content_Length=10)
    handler.wfile.write(DATA[:10])


def no_answer(handler):
    handler.server.behaviour.gate.wait()


def hang_up(handler):
    handler.connection.close()


def nonsense(handler):
    handler.wfile.write(b"MICE AND MEN\r\n\r\n")


def status(code):
    return lambda handler: handler.begin(code, Content_Length=0)


def redirect(to):
    return lambda handler: handler.begin(302, Location=to, Content_Length=0)


class Calls(list):
    def __call__(self, name, done, total):
        self.append((name, done, total))


def table(*urls, data=DATA):
    checksum = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"set": (Download(NAME, checksum, urls),)}


def run(folder, *urls, progress=lambda name, done, total: None):
    return fetch("set", folder, progress, then=THEN, downloads=table(*urls))


def ranges_asked(server):
    return [asked for _, asked in server.log]


def left(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize(
    "behaviour", [ranges, whole, slow, no_length, chunked, compressing, called_gzip]
)
def test_the_bytes_arrive(server, tmp_path, behaviour):
    calls = Calls()
    folder = tmp_path / "new" / "folder"
    assert run(folder, server.at("/a", behaviour), progress=calls) == [folder / NAME]
    assert (folder / NAME).read_bytes() == DATA
    assert left(folder) == [NAME]
    total = None if behaviour in (no_length, chunked) else len(DATA)
    assert calls[0] == (NAME, 0, total)
    assert calls[-1] == (NAME, len(DATA), total)
    assert [done for _, done, _ in calls] == sorted(done for _, done, _ in calls)


def test_a_cut_off_download_is_continued(server, tmp_path):
    calls = Calls()
    run(tmp_path, server.at("/a", cut, ranges), progress=calls)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert ranges_asked(server) == [None, f"bytes={HALF}-"]
    assert calls[-1] == (NAME, len(DATA), len(DATA))
    assert left(tmp_path) == [NAME]


def test_another_mirror_continues(server, tmp_path):
    urls = server.at("/a", cut, status(404)), server.at("/b", ranges)
    run(tmp_path, *urls)
    assert server.log == [("/a", None), ("/a", f"bytes={HALF}-"), ("/b", f"bytes={HALF}-")]
    assert (tmp_path / NAME).read_bytes() == DATA


def test_the_next_call_continues(server, tmp_path):
    url = server.at("/a", cut, status(503))
    with pytest.raises(DataError, match="503"):
        run(tmp_path, url)
    assert left(tmp_path) == [f"{NAME}.part"]
    server.at("/a", ranges)
    run(tmp_path, url)
    assert ranges_asked(server) == [None, *[f"bytes={HALF}-"] * 3]
    assert (tmp_path / NAME).read_bytes() == DATA


@pytest.mark.parametrize("behaviour", [whole, wrong_range])
def test_a_server_that_does_not_know_ranges_starts_again(server, tmp_path, behaviour):
    run(tmp_path, server.at("/a", cut, behaviour, whole), server.at("/b", whole))
    assert (tmp_path / NAME).read_bytes() == DATA


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"x" * HALF, id="another file's"),
        pytest.param(b"x" * len(DATA), id="as long"),
        pytest.param(DATA + b"x", id="longer"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_useless_part_is_thrown_away(server, tmp_path, part):
    (tmp_path / f"{NAME}.part").write_bytes(part)
    run(tmp_path, server.at("/a", ranges))
    assert (tmp_path / NAME).read_bytes() == DATA
    assert ranges_asked(server)[-1] is None


def test_a_whole_part_needs_no_server(server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(DATA)
    run(tmp_path, server.at("/a", status(404)))
    assert (tmp_path / NAME).read_bytes() == DATA
    assert server.log == []


def test_stopped_after_the_last_byte(server, tmp_path):
    run(tmp_path, server.at("/a", promise_more))
    assert (tmp_path / NAME).read_bytes() == DATA
    assert len(server.log) == 1


def test_killed_in_the_middle(server, tmp_path):
    """The process is really killed, and the next one goes on."""

    def half_then_hang(handler):
        handler.begin(Content_Length=len(DATA))
        handler.wfile.write(DATA[:HALF])
        handler.server.behaviour.gate.wait()

    url = server.at("/a", half_then_hang, ranges)
    (checksum,) = {file.checksum for file in table(url)["set"]}
    program = (
        "import sys, pathlib; from data_prep.fetch import fetch, Download\n"
        f"files = {{'set': [Download({NAME!r}, {checksum!r}, ({url!r},))]}}\n"
        "tell = lambda name, done, total: print(done, flush=True)\n"
        f"fetch('set', pathlib.Path({str(tmp_path)!r}), tell, then='', downloads=files)"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        while int(process.stdout.readline()) == 0:
            pass
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / NAME).exists()
    part = (tmp_path / f"{NAME}.part").read_bytes()
    assert part == DATA[: len(part)]
    assert 0 < len(part) <= HALF
    run(tmp_path, url)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert ranges_asked(server) == [None, f"bytes={len(part)}-"]


PASSING = [
    (status(500), "500 Internal Server Error"),
    (status(429), "429 Too Many Requests"),
    (hang_up, "without response|reset by peer"),
    (nonsense, "MICE AND MEN"),
    (cut, "IncompleteRead"),
    (chunked_cut, "IncompleteRead"),
    (no_answer, "timed out"),
]
LASTING = [
    (status(404), "404 Not Found"),
    (status(403), "403 Forbidden"),
    (status(204), "sha256:e3b0c44298"),  # the checksum of nothing
    (wrong, f"sha256:{hashlib.sha256(b'x' * len(DATA)).hexdigest()} instead of sha256:"),
    (login_page, "instead of sha256:"),
    (redirect("/a"), "Exceeded 30 redirects"),
    (redirect("ftp://127.0.0.1/"), "No connection adapters"),
    (redirect("http://[::"), "Invalid IPv6 URL"),
]


@pytest.mark.parametrize(("behaviour", "cause"), PASSING)
def test_passing_trouble_is_tried_again(server, tmp_path, monkeypatch, behaviour, cause):
    if behaviour is no_answer:
        monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    run(tmp_path, server.at("/a", behaviour, behaviour, ranges))
    assert (tmp_path / NAME).read_bytes() == DATA
    assert len(server.log) == 3
    with pytest.raises(DataError, match=cause):
        run(tmp_path / "other", server.at("/a", behaviour))
    assert len(server.log) == 6


@pytest.mark.parametrize(("behaviour", "cause"), LASTING)
def test_lasting_trouble_is_not(server, tmp_path, behaviour, cause):
    urls = server.at("/a", behaviour), server.at("/b", ranges)
    run(tmp_path, *urls)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert {path for path, _ in server.log[:-1]} == {"/a"}
    assert len(server.log) <= 1 + 31  # 31: the redirect loop
    server.at("/b", behaviour)
    with pytest.raises(DataError, match=cause):
        run(tmp_path / "other", *urls)
    assert left(tmp_path / "other") == []


def test_the_pauses_between_tries(server, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(fetching, "PAUSES", (1.0, 3.0))
    monkeypatch.setattr(fetching.time, "sleep", pauses.append)
    with pytest.raises(DataError):
        run(tmp_path, server.at("/a", status(503)), server.at("/b", status(404)))
    assert pauses == [1.0, 3.0]


def test_the_error_names_every_mirror(server, tmp_path):
    urls = (server.at("/a", status(404)), server.at("/b", wrong), "http://127.0.0.1:1/refused")
    with pytest.raises(DataError) as caught:
        run(tmp_path, *urls)
    for url, cause in zip(urls, ("404 Not Found", "sha256:", "Connection refused"), strict=True):
        assert f"{url} (" in caught.value.cause
        assert cause in caught.value.cause.split(f"{url} (")[1].split(")")[0]
    assert caught.value.path == tmp_path / NAME
    assert "`thesis-repro data fetch set` again" in caught.value.fix


def test_redirect_keeps_the_range(server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(DATA[:HALF])
    server.at("/real", ranges)
    run(tmp_path, server.at("/a", redirect("/real")))
    assert server.log == [("/a", f"bytes={HALF}-"), ("/real", f"bytes={HALF}-")]
    assert (tmp_path / NAME).read_bytes() == DATA


def test_unknown_host(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(fetching, "PAUSES", ())
    with pytest.raises(DataError, match="no mirror gave the file"):
        run(tmp_path, "http://host.invalid/file")  # a name that never exists: RFC 2606


def test_a_right_file_is_not_fetched_again(server, tmp_path):
    (tmp_path / NAME).write_bytes(DATA)
    calls = Calls()
    assert run(tmp_path, server.at("/a", whole), progress=calls) == [tmp_path / NAME]
    assert server.log == []
    assert calls == [(NAME, len(DATA), len(DATA))]
    assert sorted(os.listdir(tmp_path)) == [NAME]  # noqa: PTH208 (hidden files, too)


def test_a_wrong_file_is_left_alone(server, tmp_path):
    (tmp_path / NAME).write_bytes(b"mine")
    with pytest.raises(DataError, match="not the official one") as caught:
        run(tmp_path, server.at("/a", whole))
    assert caught.value.path == tmp_path / NAME
    assert "move it away" in caught.value.fix
    assert (tmp_path / NAME).read_bytes() == b"mine"
    assert server.log == []


def test_only_missing_files_are_fetched(server, tmp_path):
    first, second = (
        Download(name, f"md5:{hashlib.md5(DATA).hexdigest()}", (server.at(f"/{name}", whole),))
        for name in ("first", "second")
    )
    (tmp_path / "first").write_bytes(DATA)
    paths = fetch("set", tmp_path, Calls(), then=THEN, downloads={"set": (first, second)})
    assert [path.name for path in paths] == ["first", "second"]
    assert server.log == [("/second", None)]


@pytest.mark.parametrize("name", ["folder", "folder/inside"])
def test_a_file_in_the_place_of_the_folder(server, tmp_path, name):
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(DataError, match="cannot be kept there") as caught:
        run(tmp_path / name, server.at("/a", whole))
    assert caught.value.fix == fetching.FOLDER_FIX


def test_a_folder_without_permission(server):
    with pytest.raises(DataError, match="cannot be kept there"):
        run(Path("/proc/files"), server.at("/a", whole))


def test_no_room(server, tmp_path):
    """The system refuses to write more than half of the file."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    url = server.at("/a", ranges)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, limits[1]))
        with pytest.raises(DataError, match=os.strerror(errno.EFBIG)) as caught:
            run(tmp_path, url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.fix == fetching.FOLDER_FIX
    assert left(tmp_path) == [f"{NAME}.part"]
    run(tmp_path, url)
    assert ranges_asked(server) == [None, f"bytes={HALF}-"]
    assert (tmp_path / NAME).read_bytes() == DATA


def test_two_at_once(server, tmp_path):
    with (
        FileLock(tmp_path / ".fetch.lock"),
        pytest.raises(DataError, match="another process is fetching"),
    ):
        run(tmp_path, server.at("/a", whole))
    run(tmp_path, server.at("/a", whole))
    assert not (tmp_path / ".fetch.lock").exists()


def test_certificates_that_are_away_are_no_trouble_of_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(DataError, match=r"no mirror gave the file: .*/nowhere\.pem") as caught:
        run(tmp_path, "https://127.0.0.1:9/a")
    assert "free some space" not in caught.value.fix


@pytest.mark.parametrize("name", [NAME, f"{NAME}.part"])
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_left_alone(server, tmp_path, name, make):
    make(tmp_path / name)
    with pytest.raises(DataError, match="something else is in this place") as caught:
        run(tmp_path, server.at("/a", whole))
    assert caught.value.path == tmp_path / name
    assert "move it away" in caught.value.fix
    assert server.log == []


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (
            "celeba",
            [
                "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
                "non-commercial",
                "distributed",
                "img_align_celeba.zip",
                "list_attr_celeba.txt",
                "178 x 218",
            ],
        ),
        (
            "imagenet",
            [
                "https://image-net.org/download.php",
                "https://www.kaggle.com/c/imagenet-object-localization-challenge/data",
                "non-commercial",
                "{folder}/train/<wnid>/*.JPEG",
                "{folder}/val/<wnid>/*.JPEG",
                "{folder}/LOC_synset_mapping.txt",
            ],
        ),
    ],
)
def test_restricted_data_sets_come_with_instructions(tmp_path, dataset, words):
    folder = tmp_path / "my data"
    with pytest.raises(DataError) as caught:
        fetch(dataset, folder, Calls(), then=THEN)
    quoted = f"'{folder}'"
    assert f"`{THEN}`" in caught.value.fix
    for word in words:
        assert word.format(folder=quoted) in str(caught.value)
    assert "{" not in str(caught.value)
    assert not folder.exists()


def test_unknown_data_set(tmp_path):
    with pytest.raises(DataError, match="there is no data set 'nist'") as caught:
        fetch("nist", tmp_path, Calls(), then=THEN)
    for dataset in (*DOWNLOADS, *RESTRICTED):
        assert dataset in caught.value.fix


def test_the_table_is_whole():
    for files in DOWNLOADS.values():
        for file in files:
            algorithm, _, digest = file.checksum.partition(":")
            assert len(bytes.fromhex(digest)) == hashlib.new(algorithm).digest_size
            assert file.urls
            assert all(url.endswith(f"/{file.name}") for url in file.urls)
    assert [file.name for file in DOWNLOADS["mnist"]] == [file.name for file in OFFICIAL_FILES]


@pytest.mark.parametrize(("dataset", "folders"), [("morpho-mnist", ("mnist", "morpho_mnist"))])
def test_the_official_files_are_right(real_data, tmp_path, dataset, folders):
    """The real files have the table's checksums: nothing is fetched."""
    for file in DOWNLOADS[dataset]:
        (source,) = (
            real_data / one / file.name for one in folders if (real_data / one / file.name).exists()
        )
        (tmp_path / file.name).symlink_to(source)
    refused = {dataset: [file._replace(urls=()) for file in DOWNLOADS[dataset]]}
    assert len(fetch(dataset, tmp_path, Calls(), then=THEN, downloads=refused)) == 5
