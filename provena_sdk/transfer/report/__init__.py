"""The report of a transfer: the outcome of every file."""

from __future__ import annotations

from provena_sdk.transfer.report.outcome import FileOutcome as FileOutcome
from provena_sdk.transfer.report.outcome import Outcome as Outcome
from provena_sdk.transfer.report.outcome import Verified as Verified
from provena_sdk.transfer.report.summary import TransferReport as TransferReport
from provena_sdk.transfer.report.verification import FileState as FileState
from provena_sdk.transfer.report.verification import Verification as Verification
from provena_sdk.transfer.report.verification import VerifiedFile as VerifiedFile
