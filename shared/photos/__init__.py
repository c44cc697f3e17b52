"""Photos that people sent to Telegram about an order."""
