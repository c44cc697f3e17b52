"""The ingest service's worker process: `python -m services.ingest`. It hears events of uploaded files."""

import os
import sys

from services.ingest.listeners import ears
from shared.worker import make_app, opens_process, run

app = make_app("ingest")
opens_process(pool_size=2)


@app.task(name="ingest.hear")  # type: ignore[untyped-decorator]
def hear(streams: list[str]) -> None:
    """Hear what is due in these streams."""
    for stream in streams:
        run(ears.hear(stream))


if __name__ == "__main__":
    os.environ["REMAP_SIGTERM"] = "SIGQUIT"
    sys.exit(
        app.worker_main(
            [
                "worker",
                "--pool=prefork",
                "--concurrency=1",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                "--hostname=ingest@%h",
                "--loglevel=INFO",
            ]
        )
    )
