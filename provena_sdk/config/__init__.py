"""What the SDK is told: where a deployment lives, and how to reach it."""

from provena_sdk.config.deployment import DEVICE_CLIENT_ID, OFFLINE_CLIENT_ID, Deployment

__all__ = ["DEVICE_CLIENT_ID", "OFFLINE_CLIENT_ID", "Deployment"]
