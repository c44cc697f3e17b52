"""/health knows whether anybody listens to Telegram."""

from shared.reports import health


async def test_without_a_bot_the_house_is_not_called_well(database: str) -> None:
    parts = {part.name: part for part in await health.look()}
    assert not parts["intake"].ok
    assert "nobody fetches updates" in parts["intake"].detail
    assert "SIKPRO_TELEGRAM_API" in parts["intake"].do
