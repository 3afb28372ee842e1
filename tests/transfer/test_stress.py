"""The stress tests of file transfers, a little of each; scripts/stress has more of them by argument."""

import subprocess
import sys
from pathlib import Path

import pytest

STRESS = Path(__file__).resolve().parents[2] / "scripts" / "stress"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    [
        ["faults.py", "--seeds", "1", "--first", "1000", "--parallel", "2"],
        ["kill_resume.py", "--times", "2", "--megabytes", "100", "--seed", "1000"],
        ["two_processes.py", "--rounds", "2", "--seed", "1000"],
        ["million.py", "--files", "50000"],
        ["memory.py", "--megabytes", "300", "--files", "1000"],
    ],
    ids=lambda command: command[0].removesuffix(".py"),
)
@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in other units elsewhere")
def test_a_little_stress(command: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(STRESS / command[0]), *command[1:]], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
