"""Which process began a transfer, and whether it has ended."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.concurrency.processes import bears_mark_of_dead, is_dead, process_mark, this_process

DESCRIBE = (
    "import json; from provena_sdk.concurrency import processes; "
    "print(json.dumps(processes.this_process()), flush=True)"
)
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


@posix
def test_a_mark_tells_whether_its_process_is_dead() -> None:
    mark = process_mark()
    assert not bears_mark_of_dead(f".2024.csv.5f3a-{mark}")
    program = "from provena_sdk.concurrency.processes import process_mark; print(process_mark())"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    theirs = other.stdout.strip()
    assert bears_mark_of_dead(f".2024.csv.5f3a-{theirs}")
    assert not bears_mark_of_dead(f"{theirs}.csv"), "it is not at the end"
    place, _, rest = theirs.partition("-")
    elsewhere = "".join("0" if digit != "0" else "1" for digit in place)
    assert not bears_mark_of_dead(f"{elsewhere}-{rest}"), "nothing is known of other machines"


@linux
def test_a_mark_of_a_number_that_was_given_again() -> None:
    place, pid, _ = process_mark().split("-")
    assert bears_mark_of_dead(f"{place}-{pid}-1")
    assert not bears_mark_of_dead(f"{place}-{pid}-0"), "when it was started is not known"


@given(st.text())
def test_no_other_text_bears_a_mark(text: str) -> None:
    assert not bears_mark_of_dead(text)
    assert len(process_mark()) <= 32
