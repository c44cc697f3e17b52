"""Serves the web alone: `python -m services.web`. On one machine deploy/local serves it beside the others."""

import os

import uvicorn


def main() -> None:
    """Listen on SIKPRO_HOST (this machine only unless said otherwise) and SIKPRO_PORT."""
    uvicorn.run(
        "services.web.app:app",
        host=os.environ.get("SIKPRO_HOST", "127.0.0.1"),
        port=int(os.environ.get("SIKPRO_PORT", "8080")),
        loop="uvloop",
        http="httptools",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=2,  # an open stream of events would otherwise keep it alive for ever
        timeout_keep_alive=30,
    )


if __name__ == "__main__":
    main()
