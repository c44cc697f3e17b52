"""The buttons under an order in Telegram. Notifier and bot draw the same, so one can put back what the other drew.

What a button's data means is decided by the bot, for each press anew; a button is no permission. Pure.
"""

from collections.abc import Callable

from shared.orders.models import OPEN, Category

Row = list[dict[str, str]]
Keyboard = list[Row]

LABELS: dict[str, tuple[str, str]] = {
    "ambil": ("Ambil", "Take"),
    "atur": ("Atur", "Manage"),
    "cek": ("Cek progres", "Check progress"),
    "ubah": ("Koreksi", "Correct"),
}


def button(act: str, order_id: int, reference: str, language: str) -> dict[str, str]:
    """One button of an order. act: of LABELS; reference: the mark by which an unsettled message is known again."""
    return {"text": LABELS[act][language == "en"], "callback_data": f"{act}:{order_id}:{reference}"}


def card(
    order_id: int, category: Category, language: str, reference: Callable[[], str], *, reopens: bool = False
) -> Keyboard:
    """The buttons that the office sees: a waiting order can be taken, an open one managed, each one looked at.

    reopens: whoever sees them may open a closed order again.
    """
    waiting = ["ambil", "atur"] if category is Category.RECEIVED else None
    acts = waiting or (["atur", "cek"] if category in OPEN or reopens else ["cek"])
    return [[button(act, order_id, reference(), language) for act in acts]]


def receipt(order_id: int, language: str, reference: Callable[[], str], *, mends: bool) -> Keyboard:
    """The buttons of whoever registered an order. mends: it may still be corrected."""
    acts = ["cek", "ubah"] if mends else ["cek"]
    return [[button(act, order_id, reference(), language) for act in acts]]
