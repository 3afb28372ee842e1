"""Which process began a transfer, and whether it has ended."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.files.process import is_dead, this_process

DESCRIBE = "import json; from provena_sdk.files import process; print(json.dumps(process.this_process()), flush=True)"
posix = pytest.mark.skipif(os.name != "posix", reason="nothing can be known of other processes there")
linux = pytest.mark.skipif(sys.platform != "linux", reason="when a process was started is told by /proc only")


def test_the_caller_is_alive_also_after_json() -> None:
    assert not is_dead(this_process())
    assert not is_dead(json.loads(json.dumps(this_process())))
    assert this_process()["pid"] == os.getpid()


@posix
def test_a_process_that_was_killed_is_dead_even_before_its_parent_asks() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", f"{DESCRIBE}; import time; time.sleep(60)"], stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        owner = json.loads(child.stdout.readline())
        assert not is_dead(owner)
    finally:
        child.kill()
    if sys.platform == "linux":
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(owner)
    child.communicate()
    assert is_dead(owner)


@linux
def test_a_number_that_was_given_again_is_another_process() -> None:
    assert is_dead(this_process() | {"started": "1"})
    assert not is_dead(this_process() | {"started": None})


@pytest.mark.parametrize("name", ["host", "boot", "namespace"])
def test_nothing_is_known_of_other_machines(name: str) -> None:
    assert not is_dead(this_process() | {name: "another", "pid": 2**22 + 1})


@given(
    st.one_of(
        st.none(),
        st.text(),
        st.integers(),
        st.fixed_dictionaries(
            {},
            optional={
                "pid": st.one_of(st.none(), st.booleans(), st.text(), st.floats(), st.integers(max_value=0)),
                "started": st.one_of(st.none(), st.text(), st.integers()),
            },
        ),
    )
)
def test_a_damaged_description_proves_nothing(damaged: object) -> None:
    owner = this_process() | damaged if isinstance(damaged, dict) and "pid" in damaged else damaged
    assert not is_dead(owner)


@posix
def test_numbers_no_system_gives() -> None:
    assert not is_dead(this_process() | {"pid": 10**30})
