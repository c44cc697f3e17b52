"""The ingest service's web side, mounted at /ingest: says that it is there. Uploads come with the arrears work."""

from fastapi import FastAPI

app = FastAPI(title="SIKPRO ingest", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether this door answers."""
    return {"status": "ok"}
