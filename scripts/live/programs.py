"""Which servers there are, in which versions, and how each is had."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JavaProgram:
    """A distribution that Maven fetches.

    Attributes:
        name: What it is called here.
        version: Its version.
        artifact: Its Maven coordinates.
        sha256: The checksum of the archive.
    """

    name: str
    version: str
    artifact: str
    sha256: str


@dataclass(frozen=True)
class GoProgram:
    """A program that Go builds.

    Attributes:
        name: What it is called here.
        version: Its version, as its makers write it.
        module: The Go module.
        module_version: The module's version.
        sum: The module's checksum, as ``go.sum`` writes it.
        package: The package of the program within the module.
        binary: The name of what Go makes of it.
        jobs: How many compilers run at once; more need more memory.
        slow: Whether building takes some ten minutes, so that it is done only when asked for.
        replaced: Whether the module replaces others, for which ``go install`` refuses it.
    """

    name: str
    version: str
    module: str
    module_version: str
    sum: str
    package: str
    binary: str
    jobs: int = 1
    slow: bool = False
    replaced: bool = False


Program = JavaProgram | GoProgram

KEYCLOAK = JavaProgram(
    name="keycloak",
    version="26.5.6",
    artifact="org.keycloak:keycloak-quarkus-dist:26.5.6:zip",
    sha256="490189d9dff05272432d51f71a069462eeca97f2920a694d539a1e6c26a5a347",
)
VERSITYGW = GoProgram(
    name="versitygw",
    version="1.8.0",
    module="github.com/versity/versitygw",
    module_version="v1.8.0",
    sum="h1:au+wI+aybno/STsQiSm35Uu6Q6iK5MWReQxgO6SEMFc=",
    package="cmd/versitygw",
    binary="versitygw",
    jobs=2,
)
MINIO = GoProgram(
    name="minio",
    version="20260212201848",
    module="github.com/minio/minio",
    module_version="v0.0.0-20260212201848-7aac2a2c5b7c",
    sum="h1:/qdoYujxF5MBLDMVLeiYJ/7fBa1HikX39Dvzb9Ji8pA=",
    package="",
    binary="minio",
    slow=True,
)
SEAWEEDFS = GoProgram(
    name="seaweedfs",
    version="4.53",
    module="github.com/seaweedfs/seaweedfs",
    module_version="v0.0.0-20261109003541-7506e5f91cd6",
    sum="h1:LOYZFToHq9F7pSR6lkPGfkM8RmHlVFrzndKdhmNZjrU=",
    package="weed",
    binary="weed",
    slow=True,
    replaced=True,
)

PROGRAMS: dict[str, Program] = {program.name: program for program in (KEYCLOAK, VERSITYGW, MINIO, SEAWEEDFS)}
