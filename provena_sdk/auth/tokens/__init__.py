"""The result of a sign-in: tokens with their lifetimes, and the claims in them."""

from provena_sdk.auth.tokens.claims import (
    Claims,
    is_replaced_at_use,
    number,
    read_claims,
    read_client,
    read_kind,
    read_session,
)
from provena_sdk.auth.tokens.given import GivenSecret, refuse_unsendable, stripped
from provena_sdk.auth.tokens.session import MARGIN_SECONDS, SessionKey, Tokens, lifetimes

__all__ = [
    "MARGIN_SECONDS",
    "Claims",
    "GivenSecret",
    "SessionKey",
    "Tokens",
    "is_replaced_at_use",
    "lifetimes",
    "number",
    "read_claims",
    "read_client",
    "read_kind",
    "read_session",
    "refuse_unsendable",
    "stripped",
]
