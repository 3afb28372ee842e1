"""Keycloak: how it is prepared once, and how it is run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import ClassVar, Final

from scripts.live import cache
from scripts.live.keycloak_admin import Admin
from scripts.live.process import HOST, Certificate, Server
from scripts.live.programs import KEYCLOAK

ADMIN: Final = "admin"
_BUILT: Final = ("--db=dev-file", "--health-enabled=true", "--http-relative-path=/auth")
# What bin/kc.sh gives Java, and in addition what starts sooner and is slower only after minutes.
_JAVA: Final = (
    "java",
    "-Xms64m",
    "-Xmx512m",
    "-XX:MaxMetaspaceSize=256m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
    "-Duser.country=US",
    "-Djava.security.egd=file:/dev/urandom",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
    "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "-Dpicocli.disable.closures=true",
    "-Dquarkus-log-max-startup-records=10000",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
)


def prepare(place: Path) -> None:
    """Let Keycloak build itself, and make its database, so that later starts take seconds.

    Args:
        place: The unpacked distribution.
    """
    subprocess.run(_java(place, "build", *_BUILT), check=True, capture_output=True, stdin=subprocess.DEVNULL)
    with Keycloak(distribution=place) as first:
        first.halt()
        shutil.copytree(first.folder / "data", place / "data")


class Keycloak(Server):
    """A Keycloak with an administrator.

    Args:
        folder: Where its data lie; None makes a temporary folder that is removed at the end.
        tls: What it serves https with; None serves http.
        distribution: The prepared distribution; None takes the cached one.
    """

    name: ClassVar[str] = "keycloak"
    patience: ClassVar[float] = 180.0
    ports_taken: ClassVar[int] = 2

    def __init__(
        self,
        folder: Path | None = None,
        *,
        tls: Certificate | None = None,
        distribution: Path | None = None,
    ) -> None:
        self._distribution = distribution or cache.check(KEYCLOAK)
        super().__init__(folder, tls=tls)
        for name in ("lib", "conf", "providers", "themes", "version.txt"):
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(self._distribution / name)
        if (self._distribution / "data").exists() and not (self.folder / "data").exists():
            shutil.copytree(self._distribution / "data", self.folder / "data")

    def command(self) -> list[str]:
        """Return the command that runs it."""
        port, management = self.ports
        if self.tls is None:
            serving = ["--http-enabled=true", f"--http-port={port}"]
        else:
            certificate = f"--https-certificate-file={self.tls.certificate}"
            key = f"--https-certificate-key-file={self.tls.key}"
            serving = [f"--https-port={port}", certificate, key, "--http-management-scheme=http"]
        return _java(
            self.folder,
            "start",
            "--optimized",
            f"--http-host={HOST}",
            f"--http-management-port={management}",
            f"--hostname={self.url}",
            "--cache=local",
            *serving,
        )

    def environment(self) -> dict[str, str]:
        """Return the name and password of the administrator."""
        return {"KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN}

    @property
    def url(self) -> str:
        """Its address, with the path all realms lie below."""
        return f"{super().url}/auth"

    @property
    def ready_url(self) -> str:
        """The realm that is always there."""
        return f"{self.url}/realms/master"

    def issuer(self, realm: str) -> str:
        """Return the address of a realm."""
        return f"{self.url}/realms/{realm}"

    def admin(self) -> Admin:
        """Return what an administrator can do; close it, or use it in a ``with`` block."""
        return Admin(self.url, ADMIN, None if self.tls is None else self.tls.authority)


def _java(home: Path, *arguments: str) -> list[str]:
    return [
        *_JAVA,
        f"-Dkc.home.dir={home}",
        f"-Djboss.server.config.dir={home / 'conf'}",
        "-cp",
        str(home / "lib" / "quarkus-run.jar"),
        "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
        *arguments,
    ]
