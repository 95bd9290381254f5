"""Units in a bucket, against a real S3 API on loopback."""

import gzip
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, Unreachable
from unit_economics.unit_sources.files import FileUnits
from unit_economics_tests.test_file_units import AT, NOW, ONE, UTC_DAYS, csv_bytes, json_bytes, parquet_bytes

ROWS = [{"at": AT, "id": str(n)} for n in range(3)]
FORMS = {
    "a.csv": csv_bytes(ROWS),
    "a.csv.gz": gzip.compress(csv_bytes(ROWS)),
    "a.jsonl": json_bytes(ROWS),
    "a.parquet": parquet_bytes(ROWS),
}


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-9",
        "AWS_REGION": "us-east-1",
    }
    server.stop()


@pytest.fixture
def bucket(variables: dict[str, str]) -> fs.SubTreeFileSystem:
    files = fs.S3FileSystem(
        access_key="testing",
        secret_key="testing-9",
        region="us-east-1",
        endpoint_override=variables["AWS_ENDPOINT_URL"],
        allow_bucket_creation=True,
    )
    files.create_dir("events")
    return fs.SubTreeFileSystem("events", files)


def put(bucket: fs.SubTreeFileSystem, name: str, data: bytes) -> None:
    with bucket.open_output_stream(name, compression=None) as stream:
        stream.write(data)


def count(path: str, variables: dict[str, str], **more: Any) -> Count:
    source = FileUnits.model_validate({"kind": "files", "path": path, "timestamp": "at", **more})
    return source.count(ONE, calendar=UTC_DAYS, unit="Event", outside=Outside(variables, now=lambda: NOW))


@pytest.mark.parametrize("name", FORMS)
def test_files_in_a_bucket_are_counted(bucket: fs.SubTreeFileSystem, variables: dict[str, str], name: str) -> None:
    folder = name.replace(".", "-")
    put(bucket, f"{folder}/{name}", FORMS[name])
    put(bucket, f"{folder}/_{name}", b"half")
    for path in (f"s3://events/{folder}", f"s3://events/{folder}/*.*", f"s3://events/{folder}/{name}"):
        assert list(count(path, variables, count_distinct="id").units["quantity"]) == [Decimal(3)]


def test_a_damaged_file_in_a_bucket_is_refused_by_its_name(
    bucket: fs.SubTreeFileSystem, variables: dict[str, str]
) -> None:
    put(bucket, "half/a.parquet", FORMS["a.parquet"][:-20])
    with pytest.raises(Refusal, match=r"s3://events/half, file a\.parquet: it is damaged") as caught:
        count("s3://events/half", variables)
    assert not isinstance(caught.value, Unreachable)


def test_a_bucket_that_does_not_answer_is_unreachable_and_its_key_is_not_told() -> None:
    silent = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-9",
        "AWS_REGION": "us-east-1",
    }
    with pytest.raises(Unreachable, match="s3://events: the storage did not answer") as caught:
        count("s3://events", silent)
    assert "testing-9" not in str(caught.value)
