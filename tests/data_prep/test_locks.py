"""One process at a time; what is in the way of that is named."""

import fcntl
import threading

import pytest

from data_prep.errors import DataError
from data_prep.locks import alone


def test_a_lock_is_there_only_while_it_is_held(tmp_path):
    path = tmp_path / ".it.lock"
    with alone(path, lambda: pytest.fail("nobody holds it")):
        assert path.exists()
    assert not path.exists()
    with pytest.raises(KeyError), alone(path, lambda: pytest.fail("nobody holds it")):
        raise KeyError
    assert not path.exists()


def test_who_holds_it_is_waited_for_unless_the_caller_would_not(tmp_path):
    path = tmp_path / ".it.lock"
    events = []
    with path.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)  # as another process holds it

        def refuse():
            raise KeyError

        with pytest.raises(KeyError), alone(path, refuse):
            pytest.fail("the second got in")

        def end():
            events.append("the other")
            fcntl.flock(other, fcntl.LOCK_UN)

        def busy():
            events.append("busy")
            threading.Timer(0.2, end).start()

        with alone(path, busy):
            events.append("alone")
    assert events == ["busy", "the other", "alone"]


def test_a_lock_that_cannot_be_opened_is_named(tmp_path):
    """As another user's cannot; of a folder, root cannot either."""
    path = tmp_path / ".it.lock"
    path.mkdir()
    cause = "this lock, of another user or program, cannot be opened"
    with pytest.raises(DataError, match=cause) as caught, alone(path, pytest.fail):
        pytest.fail("it was held")
    assert caught.value.path == path
    assert "free some space" not in caught.value.fix
    assert path.is_dir()


def test_a_place_where_there_is_no_lock_is_no_lock_of_another(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), alone(tmp_path / "file" / ".it.lock", pytest.fail):
        pytest.fail("it was held")
