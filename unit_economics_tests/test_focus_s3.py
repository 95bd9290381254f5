"""The bill on S3, against a real S3 API on loopback."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any

import pandas as pd
import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

from unit_economics.object_storage import ThreadSafeFile
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, Unreachable
from unit_economics_tests.focus_bills import billed, charge, csv_text, read_bill
from unit_economics_tests.prepared_bills import prepare

NOVEMBER = (date(2018, 11, 1), date(2018, 11, 30))


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }
    server.stop()


@pytest.fixture
def bucket(variables: dict[str, str], request: pytest.FixtureRequest) -> fs.SubTreeFileSystem:
    files = fs.S3FileSystem(
        access_key="testing",
        secret_key="testing",
        region="us-east-1",
        endpoint_override=variables["AWS_ENDPOINT_URL"],
        allow_bucket_creation=True,
    )
    files.create_dir("bills")
    return fs.SubTreeFileSystem("bills", files)


def put(bucket: fs.SubTreeFileSystem, name: str, data: bytes) -> None:
    with bucket.open_output_stream(name, compression=None) as stream:
        stream.write(data)


@pytest.mark.parametrize("form", ["focus_parquet", "focus_csv"])
def test_a_bill_on_s3_gives_what_it_gives_from_a_folder(
    shared_data: Path, bucket: fs.SubTreeFileSystem, variables: dict[str, str], form: str
) -> None:
    folder = shared_data / "d1_retail_aws_nov2018" / "input" / form
    for file in folder.rglob("*-0000*"):
        put(bucket, f"{form}/{file.relative_to(folder).as_posix()}", file.read_bytes())
    remote = read_bill(f"s3://bills/{form}", *NOVEMBER, tag_keys=["department"], outside=Outside(variables))
    local = read_bill(folder, *NOVEMBER, tag_keys=["department"])
    pd.testing.assert_frame_equal(remote.charges, local.charges)
    pd.testing.assert_frame_equal(remote.source_totals, local.source_totals)


@pytest.mark.parametrize("path", ["s3://bills/globs/*.csv", "s3://bills/globs/", "s3://bills/globs/one.csv"])
def test_a_path_on_s3_may_be_a_glob_a_folder_or_a_file(
    bucket: fs.SubTreeFileSystem, variables: dict[str, str], path: str
) -> None:
    put(bucket, "globs/one.csv", csv_text([charge()]).encode())
    assert billed(read_bill(path, outside=Outside(variables))) == Decimal("1.5")


def test_the_same_object_under_two_names_counts_once(bucket: fs.SubTreeFileSystem, variables: dict[str, str]) -> None:
    for name in ("twice/a.csv", "twice/b.csv"):
        put(bucket, name, csv_text([charge()]).encode())
    assert billed(read_bill("s3://bills/twice", outside=Outside(variables))) == Decimal("1.5")


def test_a_prepared_delivery_that_was_copied_to_s3_reads_alike_and_a_day_opens_its_own_part_alone(
    shared_data: Path, bucket: fs.SubTreeFileSystem, variables: dict[str, str], tmp_path: Path
) -> None:
    prepare(shared_data / "d1_retail_aws_nov2018" / "input" / "focus_parquet", tmp_path, tag_keys=["department"])
    day = date(2018, 11, 7)
    for path in [*tmp_path.glob("day=*/*"), tmp_path / "manifest.json"]:
        is_other_day = "day=" in str(path) and f"day={day}" not in str(path)
        content = bytes(path.stat().st_size) if is_other_day else path.read_bytes()
        put(bucket, f"prepared/{path.relative_to(tmp_path).as_posix()}", content)
    remote = read_bill("s3://bills/prepared", day, tag_keys=["department"], outside=Outside(variables))
    pd.testing.assert_frame_equal(remote.charges, read_bill(tmp_path, day, tag_keys=["department"]).charges)
    with pytest.raises(Refusal, match="is not what was prepared"):
        read_bill("s3://bills/prepared", *NOVEMBER, outside=Outside(variables))


def test_a_bad_row_on_s3_is_named_by_object_and_row(bucket: fs.SubTreeFileSystem, variables: dict[str, str]) -> None:
    put(bucket, "bad/one.csv", csv_text([charge(), charge(BilledCost="free")]).encode())
    with pytest.raises(Refusal, match=r"s3://bills/bad, file one\.csv, row 3, field BilledCost"):
        read_bill("s3://bills/bad", outside=Outside(variables))


@pytest.mark.parametrize("path", ["s3://bills/nowhere", "s3://no-such-bucket/x"])
def test_a_place_on_s3_that_is_not_there_is_refused(
    bucket: fs.SubTreeFileSystem, variables: dict[str, str], path: str
) -> None:
    with pytest.raises(Refusal):
        read_bill(path, outside=Outside(variables))


def test_a_storage_that_does_not_answer_is_unreachable_and_shows_no_secret(variables: dict[str, str]) -> None:
    silent = {**variables, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_SECRET_ACCESS_KEY": "canary-7f3a"}
    with pytest.raises(Unreachable) as refused:
        read_bill("s3://bills/x", outside=Outside(silent))
    assert "canary-7f3a" not in str(refused.value)


def read_after_another_thread_sought(file: Any, content: bytes) -> bool:
    """Whether a thread reads where it sought itself, though another one has sought in the same file since."""
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as another:
        one.submit(file.seek, 1000).result()
        another.submit(file.seek, 5000).result()
        return one.submit(file.read, 64).result() == content[1000:1064]


def test_threads_that_share_a_file_read_where_each_of_them_sought(tmp_path: Path) -> None:
    content = Random(1).randbytes(1 << 16)
    (tmp_path / "part").write_bytes(content)
    files = fs.LocalFileSystem()
    with files.open_input_file(str(tmp_path / "part")) as plain:
        assert not read_after_another_thread_sought(plain, content)
    with ThreadSafeFile(files.open_input_file(str(tmp_path / "part"))) as safe:
        assert read_after_another_thread_sought(safe, content)


def test_eight_threads_on_one_file_never_read_each_other_s_bytes(tmp_path: Path) -> None:
    content = Random(1).randbytes(1 << 20)
    (tmp_path / "part").write_bytes(content)
    together = Barrier(8)

    with ThreadSafeFile(fs.LocalFileSystem().open_input_file(str(tmp_path / "part"))) as file:

        def reader(number: int) -> int:
            random = Random(number)
            together.wait()
            offsets = [random.randrange(len(content) - 64) for _ in range(500)]
            return sum(read_at(file, offset) != content[offset : offset + 64] for offset in offsets)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(reader, range(8))) == 0


def read_at(file: ThreadSafeFile, offset: int) -> bytes:
    file.seek(offset)
    return file.read(64)
