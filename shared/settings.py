"""What the environment says; read once a process, never written.

Every variable starts with SIKPRO_. A missing one stops the process as it starts, by its name.
"""

from datetime import time
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The house's settings; durations are seconds."""

    model_config = SettingsConfigDict(env_prefix="SIKPRO_", extra="ignore")

    database_url: SecretStr
    redis_url: SecretStr
    telegram_token: SecretStr = SecretStr("")
    telegram_api: str = "https://api.telegram.org"
    feedback_hold: float = 10
    data: Path = Path("var/data")
    assets: Path = Path("var/assets")
    port: int = 8080
    base_url: str = "http://127.0.0.1:8080"
    demo: bool = False
    sim_port: int = 0
    demo_password: SecretStr = SecretStr("")

    webhook_url: str = ""  # empty: the bot polls
    webhook_secret: SecretStr = SecretStr("")
    webhook_listen: str = "127.0.0.1:8082"  # where the bot takes what Telegram sends to webhook_url

    ambiguous: Literal["probe", "resend_marked", "hold"] = "probe"
    send_timeout: float = 10  # of one call to Telegram; must stay below half the lease
    lease: float = 30  # how long a delivery may be "being sent" before it counts as unknown
    settle_within: float = 600  # an unknown delivery is repeated, marked, after this
    pace_times: float = 1  # how much shorter the windows of Telegram's limits are; other than 1 only on a simulator
    sweep: float = 5  # a hint that was not followed is given again after this

    uploads: str = ""  # where uploaded files lie, for fsspec; empty: the folder `uploads` in `data`
    largest_upload: int = 500 * 1024 * 1024  # bytes

    hooks_inside: str = ""  # networks of ours, by commas, that webhooks may be sent to; empty: public addresses alone

    contact_opens: time = time(8)  # customers in arrears are called on from then on, by their unit's clock
    contact_closes: time = time(20)  # until then; the day in the field is summed up at this hour
    contact_weekly: int = 3  # how often a customer may be met in seven days
    card_minutes: float = 15  # after so long a card with a customer's data is taken out of the chat

    trusted_proxies: str = ""  # addresses and networks, by commas, whose X-Forwarded-For is believed; empty: nobody's

    session_idle: int = 30 * 60
    session_absolute: int = 12 * 3600
    notifier_processes: int = 2
    bot_workers: int = 8

    @field_validator("trusted_proxies", "hooks_inside")
    @classmethod
    def _networks(cls, told: str) -> str:
        """Each is an address or a network; one that is neither stops the process as it starts."""
        for each in filter(None, (part.strip() for part in told.split(","))):
            ip_network(each, strict=False)
        return told

    @property
    def asyncpg_url(self) -> str:
        """The database as SQLAlchemy with asyncpg wants it."""
        url = self.database_url.get_secret_value()
        return "postgresql+asyncpg://" + url.split("://", 1)[1]

    @property
    def plain_database_url(self) -> str:
        """The database as asyncpg alone wants it (LISTEN connections)."""
        return "postgresql://" + self.database_url.get_secret_value().split("://", 1)[1]

    @property
    def secure(self) -> bool:
        """Whether people reach us by https; then cookies are `Secure` and HSTS is sent."""
        return self.base_url.startswith("https://")

    @property
    def bot_id(self) -> int:
        """The bot's numeric id, the part of its token before the colon; 0 without a token."""
        head = self.telegram_token.get_secret_value().partition(":")[0]
        return int(head) if head.isdigit() else 0


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
