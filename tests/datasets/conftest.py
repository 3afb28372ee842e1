"""An object store in a thread, and one dataset in it for each test."""

from tests.store_fixtures import *  # noqa: F403  # reason=fixtures are found by their names
