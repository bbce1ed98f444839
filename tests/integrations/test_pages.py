"""The wizard as people use it, and as people must not."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import jobs
from accounts.choices import UnitKind
from accounts.models import Activity, Unit
from accounts.units import add_unit
from integrations import importing
from integrations.choices import ImportState
from integrations.models import ImportBatch, ImportIssue
from matrix.models import SocialAccount
from matrix.registry import add_account
from tests.integrations.passing import bring_in, check
from tests.integrations.trying import csv_file

FILE = "大区编码,名称,门店数\nR1,East,12\nR2,,x\nTEST,TEST,1\n"


@pytest.fixture
def signed_in(client, lin):
    client.force_login(lin)
    return client


def address(name: str, *arguments) -> str:
    return reverse(f"integrations:{name}", args=arguments)


def upload(client, brand, content: bytes = FILE.encode(), name: str = "regions.csv", **more):
    data = {
        "brand": brand.pk,
        "format": "test_regions",
        "source": "hr",
        "file": SimpleUploadedFile(name, content),
    }
    return client.post(address("import_new"), data | more)


def words(response) -> str:
    return " ".join(response.content.decode().split())


def work(batch: ImportBatch) -> None:
    batch.refresh_from_db()
    jobs.run(batch.job_id)
    batch.refresh_from_db()


# -- the way through -------------------------------------------------------------------


def test_from_the_file_to_the_result(signed_in, brand):
    answer = upload(signed_in, brand)
    batch = ImportBatch.objects.get()
    assert answer.status_code == 302
    assert answer.url == address("import", batch.pk)

    page = words(signed_in.get(answer.url))
    assert "Which column is what" in page
    assert "UTF-8" in page
    assert '<option value="大区编码" selected>' in page

    answer = signed_in.post(
        address("import_columns", batch.pk),
        {"column_code": "大区编码", "column_name": "名称", "option_kind": "sales"},
    )
    assert answer.url == address("import", batch.pk)
    running = signed_in.get(answer.url)
    assert f'hx-get="{address("import", batch.pk)}"' in running.content.decode()
    work(batch)

    page = words(signed_in.get(answer.url))
    assert "Import 1 row" in page
    assert "Rows for trying" in page
    assert "outcome=faulty" in page

    signed_in.post(address("import_confirm", batch.pk))
    work(batch)
    page = words(signed_in.get(answer.url))
    assert "The file was imported" in page
    assert "Confirmed by Lin" in page
    assert Unit.objects.get(code="R1").name == "East"


def test_the_progress_asks_again_until_the_work_is_over(signed_in, lin, brand):
    upload(signed_in, brand)
    batch = ImportBatch.objects.get()
    importing.map_and_check(by=lin, batch=batch, mapping=batch.mapping, options={})
    asking = signed_in.get(address("import", batch.pk), headers={"HX-Request": "true"})
    assert asking.status_code == 200
    assert "<html" not in asking.content.decode()
    work(batch)
    over = signed_in.get(address("import", batch.pk), headers={"HX-Request": "true"})
    assert (over.status_code, over["HX-Refresh"]) == (204, "true")


def test_the_list_shows_what_waits(signed_in, lin, brand):
    check(lin, brand, "test_regions", csv_file(FILE))
    bring_in(lin, brand, "test_regions", csv_file("大区编码,名称\nR5,North\n", name="north.csv"))
    page = words(signed_in.get(address("imports")))
    assert "regions.csv" in page
    assert "Waits for you" in page
    assert "north.csv" not in words(signed_in.get(address("imports") + "?state=checked"))
    assert signed_in.get(address("imports") + "?state=nonsense").status_code == 422


def test_the_list_costs_the_same_number_of_queries_for_one_import_and_for_many(
    signed_in, lin, brand, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    check(lin, brand, "test_regions", csv_file("名称\nEast\n"))
    signed_in.get(address("imports"))
    with CaptureQueriesContext(connection) as one:
        signed_in.get(address("imports"))
    for number in range(5):
        check(lin, brand, "test_regions", csv_file(f"名称\nEast {number}\n"))
    with CaptureQueriesContext(connection) as many:
        signed_in.get(address("imports"))
    assert len(many) == len(one) <= 12


# -- what goes wrong ---------------------------------------------------------------------


def test_an_unreadable_file_is_explained_and_the_input_kept(signed_in, brand):
    answer = upload(signed_in, brand, b"PK\x03\x04 broken")
    assert answer.status_code == 422
    assert "damaged" in words(answer)
    assert 'value="hr"' in answer.content.decode()


def test_a_file_that_was_uploaded_before_leads_to_the_first(signed_in, brand):
    upload(signed_in, brand)
    answer = upload(signed_in, brand, name="again.csv")
    assert answer.status_code == 422
    assert address("import", ImportBatch.objects.get().pk) in answer.content.decode()


def test_a_missing_column_is_named_at_its_field(signed_in, brand):
    upload(signed_in, brand)
    batch = ImportBatch.objects.get()
    answer = signed_in.post(
        address("import_columns", batch.pk), {"column_code": "大区编码", "option_kind": "sales"}
    )
    assert answer.status_code == 422
    assert "Choose the column that holds “Name”." in words(answer)


def test_an_account_is_searched_and_chosen(signed_in, lin, brand):
    for name in ("周敏的好物", "周敏试色"):
        add_account(by=lin, platform="xiaohongshu", handle=name, ownership="personal", unit=brand)
    content = "笔记标题,首次发布时间,点赞\n早安,2026-07-24 12:00:00,3\n".encode()
    upload(signed_in, brand, content, format="xiaohongshu_notes")
    batch = ImportBatch.objects.get()
    mapping = {f"column_{name}": value for name, value in batch.mapping.items()}
    columns = address("import_columns", batch.pk)
    found = signed_in.post(columns, mapping | {"find_account": "周敏", "find": "1"})
    assert found.status_code == 200
    assert "周敏试色" in words(found)
    assert "Choose one of these." not in words(found)
    unclear = signed_in.post(columns, mapping | {"find_account": "周敏"})
    assert unclear.status_code == 422
    assert "Choose one of these." in words(unclear)
    assert signed_in.post(columns, mapping).status_code == 422
    nobody = signed_in.post(columns, mapping | {"find_account": "没有这个人"})
    assert "Nothing was found by this." in words(nobody)
    assert signed_in.post(columns, mapping | {"find_account": "试色"}).status_code == 302
    batch.refresh_from_db()
    assert batch.options["account"] == str(SocialAccount.objects.get(handle="周敏试色").pk)


def test_the_check_shows_rows_for_example(signed_in, lin, brand):
    batch = check(lin, brand, "test_regions", csv_file("大区编码,名称\nR1,East\n"))
    page = words(signed_in.get(address("import", batch.pk)))
    assert "For example" in page
    assert '<td data-label="名称">East</td>' in page


def test_cells_of_a_row_stand_in_the_order_of_the_file(signed_in, lin, brand):
    batch = check(lin, brand, "test_regions", csv_file("名称,门店数,大区编码\n,1,R1\n"))
    page = words(signed_in.get(address("import_row", batch.pk, ImportIssue.objects.get().pk)))
    assert page.index(">名称<") < page.index(">门店数<") < page.index(">大区编码<")


def test_a_stopped_import_can_be_tried_again_or_cancelled(signed_in, lin, brand, files_folder):
    batch = check(lin, brand, "test_regions", csv_file(FILE))
    (files_folder / batch.file.name).unlink()
    signed_in.post(address("import_confirm", batch.pk))
    work(batch)
    page = words(signed_in.get(address("import", batch.pk)))
    assert "no longer there" in page
    assert "Try again" in page
    signed_in.post(address("import_cancel", batch.pk))
    batch.refresh_from_db()
    assert batch.state == ImportState.CANCELLED
    assert "This import was cancelled" in words(signed_in.get(address("import", batch.pk)))


def test_a_step_out_of_turn_is_a_message_and_not_a_fault(signed_in, lin, brand):
    batch = bring_in(lin, brand, "test_regions", csv_file(FILE))
    answer = signed_in.post(address("import_confirm", batch.pk), follow=True)
    assert answer.status_code == 200
    assert "not possible now" in words(answer)


def test_script_in_a_file_is_shown_as_text(signed_in, lin, brand):
    nasty = "<script>alert(1)</script>"
    upload(signed_in, brand, f"大区编码,名称,{nasty}\nR1,,{nasty}\n".encode(), name=f"{nasty}.csv")
    batch = ImportBatch.objects.get()
    pages = [signed_in.get(address("import", batch.pk)), signed_in.get(address("imports"))]
    importing.map_columns(by=lin, batch=batch, mapping=batch.mapping, options={})
    importing.check_import(by=lin, batch=batch)
    work(batch)
    pages.append(signed_in.get(address("import_rows", batch.pk) + "?outcome=faulty"))
    pages.append(signed_in.get(address("import_row", batch.pk, ImportIssue.objects.get().pk)))
    for page in pages:
        assert page.status_code == 200
        assert nasty not in page.content.decode()
    assert "&lt;script&gt;" in pages[-1].content.decode()


# -- rows --------------------------------------------------------------------------------------


def test_rows_are_fixed_one_after_the_other(signed_in, lin, brand):
    batch = check(lin, brand, "test_regions", csv_file("大区编码,名称\nR1,\nR2,\nR3,West\n"))
    first, second = ImportIssue.objects.order_by("line")
    page = words(signed_in.get(address("import_rows", batch.pk) + "?outcome=faulty"))
    assert "Name: There is no value." in page
    again = signed_in.post(
        address("import_row", batch.pk, first.pk), {"cell_0": "R1", "cell_1": "", "step": "correct"}
    )
    assert again.status_code == 422
    answer = signed_in.post(
        address("import_row", batch.pk, first.pk),
        {"cell_0": "R1", "cell_1": "East", "step": "correct"},
    )
    assert answer.url == address("import_row", batch.pk, second.pk)
    answer = signed_in.post(address("import_row", batch.pk, second.pk), {"step": "leave_out"})
    assert answer.url == address("import", batch.pk)
    batch.refresh_from_db()
    assert (batch.checked_counts["new"], batch.checked_counts["faulty"]) == (2, 0)


def test_a_candidate_is_chosen(signed_in, lin, brand):
    for code in ("E1", "E2"):
        add_unit(by=lin, kind=UnitKind.REGION, code=code, name="East", parent=brand)
    batch = check(lin, brand, "test_regions", csv_file("大区编码,名称\n,East\n"))
    issue = ImportIssue.objects.get()
    page = words(signed_in.get(address("import_row", batch.pk, issue.pk)))
    assert "East (E2)" in page
    refused = signed_in.post(
        address("import_row", batch.pk, issue.pk), {"step": "choose", "choice": "E9"}
    )
    assert refused.status_code == 422
    signed_in.post(address("import_row", batch.pk, issue.pk), {"step": "choose", "choice": "E2"})
    issue.refresh_from_db()
    assert (issue.choice, issue.outcome) == ("E2", "unchanged")


def test_the_faulty_rows_can_be_downloaded_safely_and_imported_again(signed_in, lin, brand):
    dangerous = "=HYPERLINK(1)"
    batch = check(
        lin, brand, "test_regions", csv_file(f"大区编码,名称,门店数\n{dangerous},,1\nR2,B,x\n")
    )
    answer = signed_in.get(address("import_faults", batch.pk))
    content = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"].startswith("attachment")
    header, first, second = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert header == ["大区编码", "名称", "门店数", "Row", "Reason"]
    assert first == [f"'{dangerous}", "", "1", "2", "Name: There is no value."]
    assert second[3:] == ["3", "Stores: “x” is not a whole number."]
    assert Activity.objects.filter(verb="import.downloaded").count() == 1
    again = upload(signed_in, brand, content, name="faults.csv")
    assert again.status_code == 302
    later = ImportBatch.objects.latest("pk")
    assert later.preview["rows"][0]["cells"][0] == dangerous


def test_the_original_file_is_given_back_as_an_attachment(signed_in, lin, brand):
    batch = check(lin, brand, "test_regions", csv_file(FILE))
    answer = signed_in.get(address("import_file", batch.pk))
    assert b"".join(answer.streaming_content) == FILE.encode()
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"


# -- who may ----------------------------------------------------------------------------------------

GETS = ("import", "import_columns", "import_rows", "import_faults", "import_file")
POSTS = (
    "import_columns", "import_sheet", "import_check", "import_confirm", "import_retry",
    "import_cancel",
)  # fmt: skip


@pytest.fixture
def batch(lin, brand):
    return check(lin, brand, "test_regions", csv_file("大区编码,名称\nR1,\nR2,West\n"))


def test_another_brand_sees_nothing(client, stranger, batch):
    client.force_login(stranger)
    issue = ImportIssue.objects.get()
    for name in GETS:
        assert client.get(address(name, batch.pk)).status_code == 404
    for name in POSTS:
        assert client.post(address(name, batch.pk)).status_code == 404
    assert client.get(address("import_row", batch.pk, issue.pk)).status_code == 404
    row = client.post(address("import_row", batch.pk, issue.pk), {"step": "leave_out"})
    assert row.status_code == 404
    assert "regions.csv" not in client.get(address("imports")).content.decode()
    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED


def test_a_file_cannot_be_brought_into_another_brand(client, stranger, brand):
    client.force_login(stranger)
    assert upload(client, brand).status_code == 422
    assert not ImportBatch.objects.exists()


def test_who_may_not_import_is_refused(client, wu, brand, batch):
    client.force_login(wu)
    assert client.get(address("imports")).status_code == 403
    assert client.get(address("import_new")).status_code == 403
    assert upload(client, brand).status_code == 403
    for name in GETS:
        assert client.get(address(name, batch.pk)).status_code == 404
    for name in POSTS:
        assert client.post(address(name, batch.pk)).status_code == 404


def test_a_format_may_need_more_than_the_right_to_import(
    client, lin, brand, batch, region_list, monkeypatch
):
    monkeypatch.setattr(region_list, "permission", "payouts.make")
    client.force_login(lin)
    assert client.get(address("import", batch.pk)).status_code == 404
    assert upload(client, brand).status_code == 422
    assert ImportBatch.objects.count() == 1


def test_without_signing_in_there_is_only_the_door(client, db):
    for name in ("imports", "import_new"):
        assert client.get(address(name)).status_code == 302


def test_nothing_changes_by_looking(signed_in, batch):
    for name in ("import_sheet", "import_check", "import_confirm", "import_retry", "import_cancel"):
        assert signed_in.get(address(name, batch.pk)).status_code == 405
