"""View model of the question that waits for a technician's answer. Rules: see view.py.

Route: POST /order/<no>/tanya   request_key ask → answered as the other POSTs of an order, see view.py
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Ask:
    """who, at, words: the newest question that nobody has answered yet; all empty where none waits.

    may: whether whoever looks may ask one now.
    """

    may: bool = False
    who: str = ""
    at: datetime | None = None
    words: str = ""
