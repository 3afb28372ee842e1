"""One source of access tokens for the sync and the async client: thread-safe, one request at a time."""

from __future__ import annotations

import contextlib
import copy
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from provena_sdk.auth.account import Account, create_offline_token, describe
from provena_sdk.auth.errors import Refusal, explain
from provena_sdk.auth.flows import DeviceFlow, Flow
from provena_sdk.auth.shared_tokens import HANDED, HandedToken
from provena_sdk.auth.store.token_store import MemoryStore, TokenStore
from provena_sdk.auth.tokens import Claims, GivenSecret, Tokens, read_claims
from provena_sdk.concurrency.background import stop_if_abandoned
from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.config import Deployment
from provena_sdk.display.notices import warn
from provena_sdk.display.text import printable
from provena_sdk.errors import (
    ConfigurationError,
    ConnectionFailed,
    ProvenaError,
    ServiceError,
    SessionEnded,
    SignInError,
    SignInRequired,
)
from provena_sdk.secret import Secret

_log = logging.getLogger(__name__)

_RENEWALS = 3
_NEWER_TRIES = 10
_NEWER_PAUSE = 0.2
_PATIENCE = 5.0


class TokenSource:
    """A source of valid access tokens: stored, renewed, or from a new sign-in.

    Threads share it: however many need a token, one request is sent and all get its result. Processes can share its
    store: tokens are read again under the store's lock before they are renewed, because refresh tokens rotate, and
    once more when the server refuses one, in case the lock was ineffective.

    Args:
        flow: How to sign in.
        store: Where tokens are stored; None keeps them in memory.
        clock: Returns Unix seconds.
        sleep: Waits for a number of seconds.

    If this process received an access token of the same realm from another one, it uses that instead of signing in.

    A pickle holds no tokens: the process that unpickles it reads the store or signs in with its environment, and never
    asks a person. A source with a secret given as an argument cannot be pickled.
    """

    def __init__(
        self,
        flow: Flow,
        *,
        store: TokenStore | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._flow = flow
        self._store: TokenStore = store if store is not None and flow.stores else MemoryStore()
        self._clock = clock
        self._sleep = sleep
        self._tokens: Tokens | None = None
        self._ended: SignInError | None = None
        self._used = False
        self._unsaved = False
        self._subject: str | None = None
        self._quiet_until = 0.0
        self._holder: str | None = None
        self._guard = threading.Lock()
        self._attempt: _Attempt | None = None

    def current(self) -> Secret | None:
        """Return an access token that needs no renewal yet, or None. Use neither locks nor I/O."""
        handed = self._handed()
        if handed is not None:
            return handed.token if handed.alive(self._clock()) else None
        tokens = self._tokens
        if tokens is None:
            return None
        now = self._clock()
        if tokens.fresh(now) or (now < self._quiet_until and tokens.alive(now)):
            return tokens.access_token
        return None

    def token(self) -> Secret:
        """Return an access token, after signing in or renewing it if necessary.

        A token is renewed in the last 60 seconds of its lifetime, or in its second half if that is shorter. A person
        is asked only at the first use: a session that ends during work is an error.

        Raises:
            SignInRequired: Nobody is signed in, and no person can be asked here.
            SignInDenied: The person or the server refused.
            SignInExpired: The person did not sign in in time.
            SessionEnded: The session ended while in use.
            ConnectionFailed: The sign-in server cannot be reached.
            ServiceError: The sign-in server fails.
        """
        return (
            self.current() or self._next_handed(None) or self._once(lambda: self._obtain(None)).access_token
        )

    def renew(self, rejected: Secret) -> Secret:
        """Return an access token other than ``rejected``, which a service answered with 401.

        If several callers have the same rejected token, one renews it and all get the new one. A person is never
        asked.

        Args:
            rejected: The access token that was refused.

        Raises:
            SessionEnded: The session has ended.
            SignInRequired: Nobody is signed in.
            ConnectionFailed: The sign-in server cannot be reached.
            ServiceError: The sign-in server fails.
        """
        handed = self._next_handed(rejected)
        if handed is not None:
            return handed
        for _ in range(_RENEWALS):
            present = self.current()
            if present is not None and present != rejected:
                return present
            # The result of an attempt that was already running may be the rejected token.
            renewed = self._once(lambda: self._obtain(rejected)).access_token
            if renewed != rejected:
                return renewed
        raise copy.copy(self._flow.ended(Refusal("invalid_grant")))

    def hand_out(self, holder: str) -> HandedToken:
        """Return an access token for other processes, renewed after half of its lifetime.

        Args:
            holder: A name for this sign-in; this source does not use tokens of that name itself.

        Raises:
            ProvenaError: As in :meth:`token`.
        """
        self._holder = holder
        token = self.token()
        tokens = self._tokens
        if tokens is not None and tokens.expires_at is not None and self._flow.renews:
            if self._clock() >= (tokens.obtained_at + tokens.expires_at) / 2:
                token = self.renew(token)
            tokens = self._tokens
        return HandedToken(holder, self._issuer, token, None if tokens is None else tokens.expires_at)

    def never_asking(self) -> TokenSource:
        """Return a source with the same session that never asks a person."""
        flow = copy.copy(self._flow) if self._flow.asks_person else self._flow
        source = TokenSource(flow, store=self._store, clock=self._clock, sleep=self._sleep)
        source._tokens = self._tokens
        return source

    @property
    def _issuer(self) -> str:
        server = self._flow.server
        return self._flow.key.issuer if server is None else server.issuer

    def _handed(self) -> HandedToken | None:
        """Return a token received from another sign-in, if this flow renews tokens; else None."""
        return HANDED.find(self._issuer, but=self._holder) if HANDED and self._flow.renews else None

    def _next_handed(self, rejected: Secret | None) -> Secret | None:
        """Wait for a valid token from the process that shared one; return None if none did.

        Raises:
            SessionEnded: No token arrived in time.
        """
        if self._handed() is None:
            return None
        handed = HANDED.newer(self._issuer, rejected, but=self._holder)
        if handed is not None:
            return handed.token
        if self._handed() is None:
            return None
        raise SessionEnded(
            "The access token that was handed to this process has ended, and no other came.",
            hint="Keep share_sign_in() open, and the process that opened it alive, until the work is done; "
            "the clocks of both machines must agree.",
        )

    def sign_in(self, offline_token: Secret | None = None, *, replace: bool = False) -> None:
        """Sign in again, even if somebody is signed in; ask a person if the flow needs one.

        Another user's session under the same key is replaced only if the person agrees.

        Args:
            offline_token: A token to begin a person's session with, instead of asking.
            replace: Whether to replace another user's session without asking.

        Raises:
            ConfigurationError: An offline token is given, and another secret is in use.
            SignInDenied: The person or the server refused, or another user's session would be replaced.
            SignInError: Signing in failed; the subclass names the cause.
            ConnectionFailed: The sign-in server cannot be reached.
            ServiceError: The sign-in server fails.
        """
        self._once(lambda: self._new_session(offline_token, replace=replace), join=False)

    def sign_out(self) -> None:
        """Remove the session here and in the store, then end it at the server.

        An offline or access token from the caller is forgotten but not revoked: others may use it.

        Raises:
            ConnectionFailed: The session was removed here, but the server could not be reached; it expires there.
            ServiceError: The session was removed here, but the server failed; it expires there.
            OSError: The store could not remove it.
        """
        with self._store.lock(self._flow.key):
            stored = self._store.load(self._flow.key)
            foreign = stored is not None and self._is_foreign(stored)
            tokens = self._tokens if foreign or self._unsaved else stored or self._tokens
            self._reset()
            if not foreign:
                self._store.remove(self._flow.key)
        if tokens is None:
            return
        self._log("Signed out")
        try:
            self._flow.end(tokens)
        except (ConnectionFailed, ServiceError) as error:
            error.hint = "The session is forgotten here; at the server it ends by itself."
            raise

    def claims(self) -> Claims:
        """Return the name, roles and expiry in the access token.

        Raises:
            ProvenaError: As in :meth:`token`.
        """
        return read_claims(self.token())

    def whoami(self, deployment: Deployment) -> Account:
        """Return who is signed in, according to the sign-in server, with how and until when.

        Args:
            deployment: The deployment.

        Raises:
            SessionEnded: The sign-in server no longer accepts the session.
            ProvenaError: As in :meth:`token`.
        """
        token = self.token()
        answer = self._userinfo(token)
        # A token that cannot be renewed may still be valid for the services, and only they decide.
        if isinstance(answer, Refusal) and answer.code == "invalid_token" and self._flow.renews:
            token = self.renew(token)
            answer = self._userinfo(token)
        tokens = self._tokens
        if tokens is None or tokens.access_token != token:
            tokens = Tokens(token, self._clock())
        # Without the server's answer, the token's claims are used.
        return describe(self._flow, tokens, {} if isinstance(answer, Refusal) else answer, deployment)

    def _userinfo(self, token: Secret) -> dict[str, object] | Refusal:
        server = self._flow.server
        return {} if server is None else server.userinfo(token)

    def create_offline_token(
        self, deployment: Deployment, file: str | os.PathLike[str] | None = None
    ) -> Secret:
        """Create a token for a pipeline; see :func:`~provena_sdk.auth.account.create_offline_token`."""
        return create_offline_token(self._flow, deployment, file=file)

    def _new_session(self, offline_token: Secret | None = None, *, replace: bool = False) -> Tokens:
        tokens = self._flow.begin() if offline_token is None else self._adopted(offline_token)
        former = self._somebody_else(tokens)
        if former is not None and not replace:
            try:
                self._flow.replace(former, tokens)
            except BaseException:
                with contextlib.suppress(ProvenaError):
                    self._flow.end(tokens)
                raise
        self._reset()
        kept = self._keep(tokens)
        self._log("Signed in")
        return kept

    def _adopted(self, offline_token: Secret) -> Tokens:
        if not isinstance(self._flow, DeviceFlow):
            raise ConfigurationError(
                f"An offline token cannot replace the present way to sign in, {self._flow.way}.",
                hint="Remove that from the arguments, the environment or the profile first.",
            )
        return self._flow.adopt(GivenSecret(offline_token, name="offline_token"))

    def _reset(self) -> None:
        self._tokens = None
        self._ended = None
        self._used = self._unsaved = False
        self._subject = None

    def _obtain(self, rejected: Secret | None) -> Tokens:
        """Return tokens from the session or a new sign-in. Called by one thread at a time."""
        with self._store.lock(self._flow.key):
            tokens = self._from_session(rejected)
            if tokens is None and not self._flow.asks_person:
                tokens = self._keep(self._flow.begin())
                self._log("Signed in")
        if tokens is not None:
            self._adopt(tokens)
            return tokens
        if rejected is not None:
            raise SignInRequired("Nobody is signed in anymore.", hint="Sign in again.")
        return self._new_session()

    def _from_session(self, rejected: Secret | None) -> Tokens | None:
        """Return the newest known tokens, renewed if necessary; None if there is no session to continue."""
        known = self._tokens if self._unsaved else self._stored() or self._tokens
        if known is None:
            if self._ended is not None:
                raise copy.copy(self._ended)
            return None
        if known.access_token != rejected and known.fresh(self._clock()):
            return known
        try:
            return self._renewed(known, rejected)
        except (ConnectionFailed, ServiceError) as error:
            now = self._clock()
            if known.access_token == rejected or not known.alive(now):
                raise
            # It is valid for some seconds; a new attempt with every call would only slow the caller down.
            _log.debug("Not renewed: %s", error.message)
            self._quiet_until = now + _PATIENCE
            return known

    def _renewed(self, known: Tokens, rejected: Secret | None) -> Tokens | None:
        """Renew tokens; return None when their session has ended before this process used it."""
        refusal = Refusal("invalid_grant")
        for _ in range(_RENEWALS):
            result = self._flow.renew(known)
            if isinstance(result, Tokens):
                kept = self._keep(result)
                self._log("Session renewed")
                return kept
            refusal = result
            if refusal.code != "invalid_grant":
                raise explain(refusal, client_id=self._flow.key.client_id)
            newer = self._newer_than(known)
            if newer is None:
                break
            known = newer
            if known.access_token != rejected and known.fresh(self._clock()):
                return known
        restarted = self._flow.restart(known)
        if restarted is not None:
            return self._keep(restarted)
        self._end(known, refusal)
        return None

    def _end(self, known: Tokens, refusal: Refusal) -> None:
        """Remove a session that has ended; raise, unless it is unused here and a person can sign in again."""
        stored = self._store.load(self._flow.key)
        if stored is not None and stored.refresh_token == known.refresh_token:
            self._forget()
        self._log("Session ended")
        if self._flow.asks_person and not self._used:
            return
        self._tokens = None
        self._ended = refusal.describe(self._flow.ended(refusal))
        raise copy.copy(self._ended)

    def _log(self, event: str) -> None:
        if _log.isEnabledFor(logging.INFO):
            user = None if self._tokens is None else read_claims(self._tokens.access_token).username
            shown = None if user is None else printable(user)
            _log.info(
                "%s at %s%s", event, self._issuer, f" as {shown}" if shown else "", extra={"user": shown}
            )

    def _newer_than(self, known: Tokens) -> Tokens | None:
        """Return tokens that another process has stored for the session, after waiting a moment for them, or None."""
        if isinstance(self._store, MemoryStore) or known.refresh_token is None:
            return None
        for tries_left in reversed(range(_NEWER_TRIES)):
            stored = self._stored()
            if stored is None:
                return None
            if stored.refresh_token != known.refresh_token:
                return stored
            if tries_left:
                self._sleep(_NEWER_PAUSE)
        return None

    def _stored(self) -> Tokens | None:
        """Return the stored session, unless it belongs to another user than the one in use here."""
        stored = self._store.load(self._flow.key)
        return None if stored is None or self._is_foreign(stored) else stored

    def _is_foreign(self, stored: Tokens) -> bool:
        holder = read_claims(stored.access_token).subject
        return self._subject is not None and holder is not None and holder != self._subject

    def _keep(self, tokens: Tokens) -> Tokens:
        """Use tokens, and store them unless the store now holds another user's."""
        stored = self._store.load(self._flow.key)
        self._unsaved = True
        if stored is None or not self._is_foreign(stored):
            try:
                self._store.save(self._flow.key, tokens)
                self._unsaved = False
            except OSError as error:
                warn(
                    f"The session could not be stored ({error.strerror or type(error).__name__}); "
                    "it ends with this process. Name a folder that can be written in PROVENA_STATE_DIR, or set "
                    'storage = "memory" in the profile.',
                )
        self._adopt(tokens)
        return tokens

    def _somebody_else(self, tokens: Tokens) -> Claims | None:
        """Return the claims of another user's active session that the tokens would replace, or None."""
        stored = self._store.load(self._flow.key)
        if stored is None or not stored.renewable(self._clock()):
            return None
        former, holder = read_claims(stored.access_token), read_claims(tokens.access_token)
        return (
            None if None in (former.subject, holder.subject) or former.subject == holder.subject else former
        )

    def _forget(self) -> None:
        try:
            self._store.remove(self._flow.key)
        except OSError as error:
            _log.debug("The ended session stays in the store (%s)", type(error).__name__)

    def _adopt(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._ended = None
        self._used = True
        self._subject = read_claims(tokens.access_token).subject or self._subject

    def _once(self, work: Callable[[], Tokens], *, join: bool = True) -> Tokens:
        """Call ``work``, or wait for the thread that is already running such an attempt.

        Args:
            work: Returns the tokens.
            join: Whether to accept the result of another thread's attempt.
        """
        while True:
            stop_if_abandoned()
            with self._guard:
                attempt = self._attempt
                # In a forked child, an attempt of the parent has no thread to finish it.
                leads = attempt is None or not attempt.process.is_here
                if leads:
                    attempt = self._attempt = _Attempt()
            assert attempt is not None  # noqa: S101  # a thread that does not lead has found one
            if leads:
                return self._lead(attempt, work)
            attempt.done.wait()
            if join and attempt.tokens is not None:
                return attempt.tokens
            if join and attempt.error is not None:
                raise copy.copy(attempt.error)

    def _lead(self, attempt: _Attempt, work: Callable[[], Tokens]) -> Tokens:
        try:
            attempt.tokens = work()
        except ProvenaError as error:
            attempt.error = error
            raise
        finally:
            # After Ctrl-C, or if the caller has gone, there is no result and no error; another thread takes over.
            with self._guard:
                self._attempt = None
            attempt.done.set()
        return attempt.tokens

    def __repr__(self) -> str:
        state = "ended" if self._ended else "not signed in" if self._tokens is None else "signed in"
        return f"TokenSource({self._flow!r}, {state})"

    def __getstate__(self) -> dict[str, Any]:
        return {"flow": self._flow, "store": self._store, "clock": self._clock, "sleep": self._sleep}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # a pickle holds what __init__ takes


class _Attempt:
    """An attempt to get tokens, which other threads can wait for."""

    def __init__(self) -> None:
        self.process = HomeProcess()
        self.done = threading.Event()
        self.tokens: Tokens | None = None
        self.error: ProvenaError | None = None
