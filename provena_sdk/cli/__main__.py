"""``python -m provena_sdk.cli`` runs the command ``provena``."""

from __future__ import annotations

import sys

from provena_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main())
