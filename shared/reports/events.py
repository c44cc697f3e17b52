"""What reports tell the other services. Fields are only ever added."""

from datetime import datetime
from typing import ClassVar

from shared.events import Event


class ReportDue(Event):
    """A report that somebody scheduled is due now; said once for each time, by whoever entered its run."""

    name: ClassVar[str] = "report.due"
    heard_by: ClassVar[tuple[str, ...]] = ("notifier",)

    schedule_id: int
    due_at: datetime
