"""Uploads in a bucket of a real S3 server: written in parts, read by the worker, thrown away, and swept when lost."""

from collections.abc import Iterator

import fsspec
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from services.ingest import storage
from shared.arrears.batches import BatchState
from tests.conftest import set_environment
from tests.ingest.conftest import Desk, line, listed

BUCKET = "unggahan/sikpro"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[fsspec.AbstractFileSystem]:
    """An empty bucket, found by the settings that an operator would make."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "kunci", "AWS_SECRET_ACCESS_KEY": "rahasia", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    seen = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)
    seen.mkdir("unggahan")
    yield seen
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    server.stop()


async def test_a_list_in_a_bucket_is_read_applied_and_thrown_away(
    desk: Desk, bucket: fsspec.AbstractFileSystem
) -> None:
    set_environment(SIKPRO_UPLOADS=f"s3://{BUCKET}")
    batch = await desk.upload(listed(*(line(number) for number in range(2000))))
    assert bucket.find(BUCKET) == [f"{BUCKET}/{batch.stored}"]
    assert (await desk.apply(batch)).state is BatchState.APPLIED
    lost = storage.new_name()
    with storage.create(lost) as file:
        for _ in range(6):
            file.write(b"x" * 1_000_000)  # more than a part
    with storage.at_hand(lost) as path:
        assert path.stat().st_size == 6_000_000
    assert storage.sweep({str(batch.stored)}) == 0  # it may still be coming in
    assert storage.sweep({str(batch.stored)}, older=-1) == 1
    assert bucket.find(BUCKET) == [f"{BUCKET}/{batch.stored}"]
    storage.drop(str(batch.stored))
    storage.drop(str(batch.stored))
    assert bucket.find(BUCKET) == []
    with pytest.raises(FileNotFoundError), storage.at_hand(str(batch.stored)):
        pass
