"""Settings: the deployment, how to connect to it, and the origin of each value."""

from provena_sdk.config.deployment import DEVICE_CLIENT_ID, OFFLINE_CLIENT_ID, Deployment
from provena_sdk.config.explain import ExplainedSetting, Explanation, explain
from provena_sdk.config.profiles import Config, config_path, read_config
from provena_sdk.config.settings import (
    MAX_RETRIES,
    TIMEOUT_SECONDS,
    Credential,
    Given,
    Settings,
    Variables,
    resolve,
)

__all__ = [
    "DEVICE_CLIENT_ID",
    "MAX_RETRIES",
    "OFFLINE_CLIENT_ID",
    "TIMEOUT_SECONDS",
    "Config",
    "Credential",
    "Deployment",
    "ExplainedSetting",
    "Explanation",
    "Given",
    "Settings",
    "Variables",
    "config_path",
    "explain",
    "read_config",
    "resolve",
]
