"""Object stores: versitygw, MinIO and SeaweedFS."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from scripts.live import cache
from scripts.live.process import HOST, Certificate, Server
from scripts.live.programs import MINIO, SEAWEEDFS, VERSITYGW, GoProgram


class Store(Server):
    """An object store, empty at first.

    Attributes:
        access_key_id: Key of the one who may do everything.
        secret_access_key: The secret to it.

    Args:
        folder: Where its data lie; None makes a temporary folder that is removed at the end.
        tls: What it serves https with; None serves http.
    """

    program: ClassVar[GoProgram]

    def __init__(self, folder: Path | None = None, *, tls: Certificate | None = None) -> None:
        self._binary = cache.check(self.program) / self.program.binary
        super().__init__(folder, tls=tls)
        self.access_key_id = "live" + secrets.token_hex(8)
        self.secret_access_key = secrets.token_hex(20)
        self.data.mkdir(exist_ok=True)

    @property
    def data(self) -> Path:
        """The folder of what is stored."""
        return self.folder / "data"

    @property
    def admin_url(self) -> str | None:
        """Where accounts are made, for a store that has an interface of its own for that."""
        return None

    @abstractmethod
    def arguments(self) -> list[str]:
        """Return the arguments of the command that runs it."""

    def command(self) -> list[str]:
        """Return the command that runs it."""
        return [str(self._binary), *self.arguments()]


class VersityGateway(Store):
    """versitygw on a folder. It knows no session tokens; accounts are limited by the bucket's policy."""

    name: ClassVar[str] = VERSITYGW.name
    program: ClassVar[GoProgram] = VERSITYGW
    ports_taken: ClassVar[int] = 2

    def arguments(self) -> list[str]:
        """Return the arguments of the command that runs it."""
        port, admin = self.ports
        accounts = self.folder / "accounts"
        accounts.mkdir(exist_ok=True)
        tls = ["--cert", str(self.tls.certificate), "--key", str(self.tls.key)] if self.tls else []
        options = [*tls, "--admin-port", f"{HOST}:{admin}", "--iam-dir", str(accounts), "--keep-alive"]
        return ["--port", f"{HOST}:{port}", *options, "--quiet", "posix", str(self.data)]

    def environment(self) -> dict[str, str]:
        """Return the root account."""
        return {"ROOT_ACCESS_KEY": self.access_key_id, "ROOT_SECRET_KEY": self.secret_access_key}

    @property
    def admin_url(self) -> str:
        """Where accounts are made."""
        return f"http://{HOST}:{self.ports[1]}"


class Minio(Store):
    """MinIO on a folder, for tests only: its licence is the AGPL.

    Args:
        folder: Where its data lie; None makes a temporary folder that is removed at the end.
        tls: What it serves https with; None serves http.
        issuer: The realm whose tokens it exchanges for keys (``AssumeRoleWithWebIdentity``), if any.
        client: The client that those tokens are made for.
    """

    name: ClassVar[str] = MINIO.name
    program: ClassVar[GoProgram] = MINIO

    def __init__(
        self,
        folder: Path | None = None,
        *,
        tls: Certificate | None = None,
        issuer: str | None = None,
        client: str = "account",
    ) -> None:
        super().__init__(folder, tls=tls)
        self._issuer = issuer
        self._client = client

    def arguments(self) -> list[str]:
        """Return the arguments of the command that runs it."""
        certificates = self.folder / "certificates"
        (certificates / "CAs").mkdir(parents=True, exist_ok=True)
        if self.tls is not None:
            (certificates / "public.crt").write_bytes(self.tls.certificate.read_bytes())
            (certificates / "private.key").write_bytes(self.tls.key.read_bytes())
        listen = ["--address", f"{HOST}:{self.port}", "--certs-dir", str(certificates)]
        return ["server", str(self.data), "--quiet", *listen]

    def environment(self) -> dict[str, str]:
        """Return the root account and the issuer."""
        settings = {
            "MINIO_ROOT_USER": self.access_key_id,
            "MINIO_ROOT_PASSWORD": self.secret_access_key,
            "MINIO_UPDATE": "off",
            "MINIO_BROWSER": "off",
        }
        if self._issuer is not None:
            settings |= {
                "MINIO_IDENTITY_OPENID_CONFIG_URL": f"{self._issuer}/.well-known/openid-configuration",
                "MINIO_IDENTITY_OPENID_CLIENT_ID": self._client,
                "MINIO_IDENTITY_OPENID_CLIENT_SECRET": "none",
                "MINIO_IDENTITY_OPENID_ROLE_POLICY": "readwrite",
            }
        return settings

    @property
    def role_arn(self) -> str:
        """The role that callers with a token of the issuer assume."""
        digest = hashlib.sha1(self._client.encode(), usedforsecurity=False).digest()
        return f"arn:minio:iam:::role/{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    @property
    def ready_url(self) -> str:
        """Its health check."""
        return f"{self.url}/minio/health/ready"


class SeaweedFS(Store):
    """SeaweedFS with all its parts in one process."""

    name: ClassVar[str] = SEAWEEDFS.name
    program: ClassVar[GoProgram] = SEAWEEDFS
    patience: ClassVar[float] = 60.0
    ports_taken: ClassVar[int] = 8

    def arguments(self) -> list[str]:
        """Return the arguments of the command that runs it."""
        s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = self.ports
        keys = {"accessKey": self.access_key_id, "secretKey": self.secret_access_key}
        root = {
            "name": "root",
            "credentials": [keys],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        accounts = self.folder / "accounts.json"
        accounts.write_text(json.dumps({"identities": [root]}), "utf-8")
        roles = self.folder / "roles.json"
        roles.write_text(json.dumps(self._roles()), "utf-8")
        tls = []
        if self.tls is not None:
            tls = [f"-s3.cert.file={self.tls.certificate}", f"-s3.key.file={self.tls.key}"]
        return [
            "server",
            f"-ip={HOST}",
            f"-ip.bind={HOST}",
            f"-dir={self.data}",
            f"-master.port={master}",
            f"-master.port.grpc={master_grpc}",
            f"-volume.port={volume}",
            f"-volume.port.grpc={volume_grpc}",
            "-filer",
            f"-filer.port={filer}",
            f"-filer.port.grpc={filer_grpc}",
            "-s3",
            f"-s3.port={s3}",
            f"-s3.port.grpc={s3_grpc}",
            # Two more servers, whose ports are the same everywhere unless told.
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            f"-s3.config={accounts}",
            f"-s3.iam.config={roles}",
            *tls,
            # Each bucket wants volumes of its own.
            "-volume.max=900",
            "-volume.preStopSeconds=0",
            "-master.volumeSizeLimitMB=64",
            "-master.telemetry=false",
        ]

    def _roles(self) -> dict[str, Any]:
        """Describe the one role there is: its sessions are limited by their own policies."""

        def policy(**allowed: Any) -> dict[str, Any]:
            return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **allowed}]}

        role = {
            "roleName": "provena-sandbox",
            "roleArn": "arn:aws:iam::000000000000:role/provena-sandbox",
            "trustPolicy": policy(Principal={"AWS": "*"}, Action=["sts:AssumeRole"]),
            "attachedPolicies": ["files"],
            "maxSessionDuration": 43200,
        }
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        return {
            "sts": {"tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "live", "signingKey": key},
            "policy": {"defaultEffect": "Deny", "storeType": "memory"},
            "policies": [{"name": "files", "document": policy(Action=["s3:*"], Resource=["*"])}],
            "roles": [role],
        }


STORES: dict[str, type[Store]] = {store.name: store for store in (VersityGateway, Minio, SeaweedFS)}
