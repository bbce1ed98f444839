"""A file on its way in: uploaded, mapped, checked, confirmed; and every way in which it can stop."""

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import jobs
from accounts.choices import JobState, UnitKind
from accounts.models import Activity, Job, Unit
from integrations import import_runs, importing, rows, settling
from integrations.choices import ImportState, Outcome
from integrations.models import ImportBatch, ImportIssue, ImportMapping
from integrations.sheets.writing import csv_lines
from kosops.lib.errors import DomainError
from tests.integrations.passing import check, confirm
from tests.integrations.trying import RegionList, csv_file, xlsx_file

GOOD = "大区编码,名称,门店数\nR1,East,12\nR2,South,1.4万\n"


@pytest.fixture
def upload(lin, brand):
    def do(file, source="hr", format_code="test_regions"):
        return importing.start_import(
            by=lin, brand=brand, format_code=format_code, source=source, uploaded_file=file
        )

    return do


@pytest.fixture
def run_jobs(django_capture_on_commit_callbacks):
    """Do what a command queues, as a worker would after the commit."""

    def do(command, **arguments):
        with django_capture_on_commit_callbacks(execute=True):
            return command(**arguments)

    return do


@pytest.fixture
def checked(lin, upload, run_jobs):
    """Upload, map by guess and check."""

    def do(file, options=None):
        batch = upload(file)
        importing.map_columns(by=lin, batch=batch, mapping=batch.mapping, options=options or {})
        run_jobs(importing.check_import, by=lin, batch=batch)
        batch.refresh_from_db()
        return batch

    return do


@pytest.fixture
def confirmed(lin, checked, run_jobs):
    def do(file, options=None):
        batch = checked(file, options)
        run_jobs(importing.confirm_import, by=lin, batch=batch)
        batch.refresh_from_db()
        return batch

    return do


def regions() -> dict[str, str]:
    return dict(Unit.objects.filter(kind=UnitKind.REGION).values_list("code", "name"))


def refusal(command, **arguments) -> DomainError:
    with pytest.raises(DomainError) as caught:
        command(**arguments)
    return caught.value


# -- upload ------------------------------------------------------------------------


def test_an_upload_is_kept_under_a_name_of_our_own_and_looked_into(upload):
    batch = upload(
        csv_file(GOOD, name='..\\ev"il\u202e\r\nname' + "x" * 300 + ".csv", encoding="gbk")
    )
    assert batch.file.name.startswith("imports/")
    assert "name" not in batch.file.name
    assert len(batch.original_name) <= 200
    assert all(sign.isprintable() for sign in batch.original_name)
    assert batch.preview["encoding"] == "GB18030 (GBK)"
    assert batch.preview["names"] == ["大区编码", "名称", "门店数"]
    assert batch.preview["rows"][1]["cells"] == ["R2", "South", "1.4万"]
    assert batch.mapping == {"code": "大区编码", "name": "名称", "stores": "门店数"}
    assert batch.state == ImportState.UPLOADED
    assert Activity.objects.filter(verb="import.uploaded", object_id=batch.pk).count() == 1


def test_a_file_that_cannot_be_read_leaves_nothing_behind(upload, files_folder):
    error = refusal(upload, file=csv_file('a,b\n1,2\n"3,4\n'))
    assert (error.code, error.params["fault"], error.params["line"]) == (
        "unreadable_file",
        "broken_quotes",
        3,
    )
    assert "3" in str(error)
    assert not ImportBatch.objects.exists()
    assert not list(files_folder.rglob("*"))


def test_a_file_over_the_limit_is_refused(upload, settings):
    settings.IMPORT_MAX_BYTES = 100
    assert refusal(upload, file=csv_file(GOOD * 10)).params["fault"] == "too_large"


def test_a_disk_that_refuses_leaves_no_row(upload, monkeypatch):
    def refuse(*_arguments, **_more):
        raise OSError("no space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", refuse)
    assert refusal(upload, file=csv_file(GOOD)).code == "storage_unavailable"
    assert not ImportBatch.objects.exists()


def test_unknown_formats_and_careless_source_names_are_refused(upload):
    assert refusal(upload, file=csv_file(GOOD), format_code="nothing").code == "unknown_format"
    assert refusal(upload, file=csv_file(GOOD), source="a b/../c").code == "bad_source"


def test_the_same_file_twice_is_refused_with_the_first(upload):
    first = upload(csv_file(GOOD))
    error = refusal(upload, file=csv_file(GOOD, name="again.csv"))
    assert (error.code, error.params["batch"]) == ("already_imported", first.pk)
    assert ImportBatch.objects.count() == 1


def test_the_same_file_twice_at_once_is_one_import(upload, monkeypatch, files_folder):
    upload(csv_file(GOOD))
    real, looked = importing._refuse_known_file, []

    def too_early(*arguments):
        looked.append(arguments)
        if len(looked) > 1:
            real(*arguments)

    monkeypatch.setattr(importing, "_refuse_known_file", too_early)
    assert refusal(upload, file=csv_file(GOOD)).code == "already_imported"
    assert ImportBatch.objects.count() == 1
    assert len([one for one in files_folder.rglob("*") if one.is_file()]) == 1


def test_a_cancelled_file_may_come_again(lin, upload):
    importing.cancel_import(by=lin, batch=upload(csv_file(GOOD)))
    assert upload(csv_file(GOOD)).state == ImportState.UPLOADED


# -- mapping -------------------------------------------------------------------------


def test_a_mapping_is_kept_for_the_source(lin, upload):
    batch = upload(csv_file("号,名\nR1,East\n"))
    assert batch.mapping == {}
    importing.map_columns(by=lin, batch=batch, mapping={"code": "号", "name": "名"}, options={})
    assert upload(csv_file("名,号\nWest,R9\n")).mapping == {"code": "号", "name": "名"}
    assert upload(csv_file("名,号\nWest,R8\n"), source="other").mapping == {}
    assert ImportMapping.objects.get().options == {"dates": "auto"}


def test_a_column_left_out_on_purpose_is_not_guessed_again_but_a_new_one_is(lin, upload):
    batch = upload(csv_file("大区编码,名称,门店数\nR1,East,1\n"))
    importing.map_columns(
        by=lin, batch=batch, mapping={"code": "大区编码", "name": "名称"}, options={}
    )
    later = upload(csv_file("大区编码,名称,门店数,日期\nR1,East,1,2026-01-01\n"))
    assert later.mapping == {"code": "大区编码", "name": "名称", "since": "日期"}


@pytest.mark.parametrize(
    ("mapping", "options", "code", "field"),
    [
        ({"code": "大区编码"}, {}, "column_missing", "name"),
        ({"name": "名称", "code": "名称"}, {}, "column_twice", "code"),
        ({"name": "nowhere"}, {}, "unknown_column", "name"),
        ({"name": "名称", "owner": "大区编码"}, {}, "unknown_column", "owner"),
        ({"name": "名称"}, {"kind": "military"}, "bad_option", "kind"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_naming_the_field(
    lin, upload, mapping, options, code, field
):
    batch = upload(csv_file(GOOD))
    error = refusal(importing.map_columns, by=lin, batch=batch, mapping=mapping, options=options)
    assert (error.code, error.params["field"]) == (code, field)


def test_another_sheet_can_be_taken(lin, upload):
    file = xlsx_file(["note"], ["hello"])
    batch = upload(file)
    error = refusal(importing.choose_sheet, by=lin, batch=batch, sheet="没有")
    assert error.params["fault"] == "no_such_sheet"
    assert importing.choose_sheet(by=lin, batch=batch, sheet="Sheet").preview["names"] == ["note"]


# -- check and confirmation -----------------------------------------------------------


def test_the_check_says_what_would_happen_and_changes_nothing(checked):
    batch = checked(csv_file(GOOD + "R3,,x\nTEST-1,TEST,1\n合计,,14012\n"))
    assert batch.state == ImportState.CHECKED
    counts = batch.checked_counts
    assert (counts["rows"], counts["new"], counts["faulty"], counts["skipped"]) == (5, 2, 2, 1)
    assert counts["reasons"] == {"test": 1}
    assert regions() == {}
    assert RegionList.calls == 0
    issue, totals = ImportIssue.objects.order_by("line")
    assert (issue.line, [(one["column"], one["code"]) for one in issue.faults]) == (
        4,
        [("name", "required"), ("stores", "not_a_count")],
    )
    assert issue.raw == {"大区编码": "R3", "名称": "", "门店数": "x"}
    assert [one["code"] for one in totals.faults] == ["totals_row"]


def test_confirming_lets_the_good_rows_in_and_keeps_the_others(lin, confirmed):
    batch = confirmed(csv_file(GOOD + "R3,,x\n"))
    assert batch.state == ImportState.DONE
    assert regions() == {"R1": "East", "R2": "South"}
    assert (batch.counts["new"], batch.counts["faulty"]) == (2, 1)
    assert (batch.confirmed_by, batch.job.state) == (lin, JobState.DONE)
    done = Activity.objects.get(verb="import.done")
    assert (done.actor, done.after["new"]) == (lin, 2)


def test_the_same_rows_in_another_file_change_nothing(lin, confirmed, checked):
    confirmed(csv_file(GOOD))
    batch = checked(csv_file(GOOD + "\n"))
    assert (batch.checked_counts["new"], batch.checked_counts["unchanged"]) == (0, 2)
    assert refusal(importing.confirm_import, by=lin, batch=batch).code == "nothing_to_import"


def test_changed_rows_are_changed_and_missing_rows_stay(confirmed):
    confirmed(csv_file(GOOD))
    batch = confirmed(csv_file("大区编码,名称\nR1,East and more\n"))
    assert batch.counts["changed"] == 1
    assert regions() == {"R1": "East and more", "R2": "South"}


def test_steps_out_of_turn_are_refused(lin, upload, checked, confirmed):
    batch = upload(csv_file(GOOD))
    assert refusal(importing.check_import, by=lin, batch=batch).code == "wrong_state"
    assert refusal(importing.confirm_import, by=lin, batch=batch).code == "wrong_state"
    assert refusal(importing.retry_import, by=lin, batch=batch).code == "wrong_state"
    done = confirmed(csv_file(GOOD + "R7,Far,1\n"))
    assert refusal(importing.confirm_import, by=lin, batch=done).code == "wrong_state"
    assert refusal(importing.cancel_import, by=lin, batch=done).code == "wrong_state"
    assert refusal(importing.check_import, by=lin, batch=done).code == "wrong_state"


def test_the_check_can_be_repeated_after_the_data_has_moved(lin, brand, checked, run_jobs):
    from accounts.units import add_unit

    batch = checked(csv_file("大区编码,名称\n,East\n"))
    assert batch.checked_counts["faulty"] == 1
    add_unit(by=lin, kind=UnitKind.REGION, code="E", name="East", parent=brand)
    run_jobs(importing.check_import, by=lin, batch=batch)
    batch.refresh_from_db()
    assert (batch.checked_counts["faulty"], batch.checked_counts["ambiguous"]) == (0, 1)


def test_number_cells_as_ids_need_a_word_from_a_person(lin, checked, run_jobs):
    batch = checked(xlsx_file(["大区编码", "名称"], [12, "East"], ["0013", "West"]))
    assert (batch.checked_counts["faulty"], batch.checked_counts["new"]) == (1, 1)
    importing.map_columns(
        by=lin, batch=batch, mapping=batch.mapping, options={"numeric_ids": "accept"}
    )
    run_jobs(importing.check_import, by=lin, batch=batch)
    batch.refresh_from_db()
    assert batch.checked_counts["new"] == 2


def test_ids_with_a_point_zero_are_taken_with_a_note(checked):
    batch = checked(csv_file("大区编码,名称\n17850.0,East\n7.5e+18,West\n"))
    assert batch.checked_counts["notes"] == {"id_point_zero": 1}
    assert (batch.checked_counts["new"], batch.checked_counts["faulty"]) == (1, 1)


def test_a_file_of_faults_stops_the_check(checked, monkeypatch):
    monkeypatch.setattr(import_runs, "MAX_WAITING_ROWS", 10)
    monkeypatch.setattr(rows.chunks, "__kwdefaults__", {"size": 5})
    batch = checked(csv_file("大区编码,名称\n" + ",x\n" * 30))
    assert (batch.state, batch.error["code"]) == (ImportState.FAILED, "too_many_faults")
    assert importing.is_stopped(batch)


def test_a_stored_file_that_was_altered_is_not_imported(lin, checked, run_jobs, files_folder):
    batch = checked(csv_file(GOOD))
    (files_folder / batch.file.name).write_text(GOOD.replace("East", "Evil"))
    run_jobs(importing.confirm_import, by=lin, batch=batch)
    batch.refresh_from_db()
    assert (batch.state, batch.error["code"]) == (ImportState.FAILED, "file_changed")
    assert regions() == {}


# -- interruption ------------------------------------------------------------------------

LONG = "大区编码,名称\n" + "".join(f"R{number},Region {number}\n" for number in range(50))


class Killed(BaseException):
    """What a killed process does to the code that runs in it: nothing is handled."""


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(rows.chunks, "__kwdefaults__", {"size": 8})


def work_on(batch) -> None:
    """One worker's try on the batch's job."""
    Job.objects.filter(pk=batch.job_id).update(state=JobState.WAITING, created_at=timezone.now())
    jobs.run(batch.job_id)


@pytest.mark.parametrize("at", [1, 3, 6])
def test_a_killed_import_goes_on_behind_its_last_chunk(
    lin, checked, small_chunks, monkeypatch, region_list, at
):
    batch = checked(csv_file(LONG))
    importing.confirm_import(by=lin, batch=batch)
    batch.refresh_from_db()
    real = region_list.write

    def killed(kind, records):
        real(kind, records)
        if region_list.calls == at:
            raise Killed

    monkeypatch.setattr(region_list, "write", killed)
    with pytest.raises(Killed):
        work_on(batch)
    assert len(regions()) == (at - 1) * 8
    work_on(batch)
    batch.refresh_from_db()
    assert (batch.state, batch.counts["new"], len(regions())) == (ImportState.DONE, 50, 50)
    # The killed chunk ran twice, its first run was undone; every other chunk ran once.
    assert region_list.calls == 7 + 1


def test_a_killed_check_goes_on_and_counts_each_row_once(lin, upload, small_chunks, monkeypatch,
                                                         region_list):  # fmt: skip
    batch = upload(csv_file(LONG.replace("R7,", ",") + ",nameless\n"))
    importing.map_columns(by=lin, batch=batch, mapping=batch.mapping, options={})
    importing.check_import(by=lin, batch=batch)
    batch.refresh_from_db()
    real, seen = region_list.resolve, []

    def killed(kind, records):
        seen.append(len(records))
        if len(seen) == 4:
            raise Killed
        real(kind, records)

    monkeypatch.setattr(region_list, "resolve", killed)
    with pytest.raises(Killed):
        work_on(batch)
    work_on(batch)
    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED
    assert (batch.checked_counts["rows"], batch.checked_counts["new"]) == (51, 49)
    assert batch.checked_counts["faulty"] == ImportIssue.objects.count() == 2


def test_a_worker_that_was_overtaken_stops(lin, checked, small_chunks, monkeypatch, region_list):
    batch = checked(csv_file(LONG))
    importing.confirm_import(by=lin, batch=batch)
    batch.refresh_from_db()
    real = import_runs._do_chunk

    def overtaken(*arguments):
        real(*arguments)
        if region_list.calls == 2:
            ImportBatch.objects.filter(pk=batch.pk).update(cursor=33)

    monkeypatch.setattr(import_runs, "_do_chunk", overtaken)
    work_on(batch)
    batch.refresh_from_db()
    assert (batch.state, batch.cursor) == (ImportState.APPLYING, 33)
    assert region_list.calls == 2


def test_cancelling_stops_a_running_import_between_chunks(lin, checked, small_chunks, monkeypatch,
                                                          region_list):  # fmt: skip
    batch = checked(csv_file(LONG))
    importing.confirm_import(by=lin, batch=batch)
    batch.refresh_from_db()
    real = region_list.write

    def cancelled(kind, records):
        real(kind, records)
        if region_list.calls == 2:
            importing.cancel_import(by=lin, batch=batch)

    monkeypatch.setattr(region_list, "write", cancelled)
    work_on(batch)
    batch.refresh_from_db()
    assert batch.state == ImportState.CANCELLED
    assert region_list.calls == 2
    assert len(regions()) == 16


def test_an_import_whose_job_was_given_up_can_be_tried_again(
    lin, checked, monkeypatch, region_list, run_jobs
):
    batch = checked(csv_file(GOOD))
    importing.confirm_import(by=lin, batch=batch)
    batch.refresh_from_db()

    def broken(kind, records):
        raise ZeroDivisionError

    monkeypatch.setattr(region_list, "write", broken)
    for _try in range(3):
        work_on(batch)
    batch = ImportBatch.objects.select_related("job").get(pk=batch.pk)
    assert batch.job.state == JobState.FAILED
    assert importing.is_stopped(batch)
    monkeypatch.undo()
    monkeypatch.setitem(importing.format_of.__globals__["_formats"], "test_regions", region_list)
    run_jobs(importing.retry_import, by=lin, batch=batch)
    batch.refresh_from_db()
    assert (batch.state, regions()) == (ImportState.DONE, {"R1": "East", "R2": "South"})


# -- rows that need a person -------------------------------------------------------------------


@pytest.fixture
def two_easts(lin, brand):
    from accounts.units import add_unit

    for code in ("E1", "E2"):
        add_unit(by=lin, kind=UnitKind.REGION, code=code, name="East", parent=brand)


def test_an_ambiguous_row_waits_for_a_persons_choice(lin, two_easts, checked, run_jobs):
    batch = checked(csv_file("大区编码,名称\n,East\nR9,West\n"))
    issue = ImportIssue.objects.get()
    assert [one["value"] for one in issue.candidates] == ["E1", "E2"]
    assert refusal(settling.choose_candidate, by=lin, issue=issue, choice="E3").code == (
        "not_a_candidate"
    )
    issue = settling.choose_candidate(by=lin, issue=issue, choice="E2")
    assert (issue.outcome, issue.resolved_by) == ("unchanged", lin)
    batch.refresh_from_db()
    assert (batch.checked_counts["ambiguous"], batch.checked_counts["unchanged"]) == (0, 1)
    run_jobs(importing.confirm_import, by=lin, batch=batch)
    batch.refresh_from_db()
    assert (batch.counts["ambiguous"], batch.counts["unchanged"], batch.counts["new"]) == (0, 1, 1)
    assert refusal(settling.leave_out, by=lin, issue=issue).code == "not_waiting"


def test_a_row_can_be_corrected_before_and_after_the_import(lin, checked, run_jobs):
    batch = checked(csv_file("大区编码,名称,门店数\nR1,East,many\nR2,,2\nR3,West,3\n"))
    many, nameless = ImportIssue.objects.order_by("line")
    fixed = settling.correct_row(by=lin, issue=many, cells={"门店数": "1,200"})
    assert (fixed.outcome, fixed.correction) == ("new", {"门店数": "1,200"})
    run_jobs(importing.confirm_import, by=lin, batch=batch)
    assert regions() == {"R1": "East", "R3": "West"}
    still = settling.correct_row(by=lin, issue=nameless, cells={"名称": ""})
    assert still.outcome == "faulty"
    settling.correct_row(by=lin, issue=still, cells={"名称": "South"})
    batch.refresh_from_db()
    assert regions() == {"R1": "East", "R2": "South", "R3": "West"}
    assert (batch.counts["faulty"], batch.counts["new"]) == (0, 3)
    assert (
        refusal(
            settling.correct_row, by=lin, issue=ImportIssue.objects.get(line=3), cells={"名称": "x"}
        ).code
        == "not_waiting"
    )


def test_a_correction_may_only_touch_columns_of_the_file(lin, checked):
    checked(csv_file("大区编码,名称\nR1,\n"))
    issue = ImportIssue.objects.get()
    error = refusal(settling.correct_row, by=lin, issue=issue, cells={"owner": "x"})
    assert error.code == "unknown_column"


def test_a_row_left_out_stays_out(lin, two_easts, checked, run_jobs):
    batch = checked(csv_file("大区编码,名称\n,East\nR9,West\n"))
    settling.leave_out(by=lin, issue=ImportIssue.objects.get())
    run_jobs(importing.confirm_import, by=lin, batch=batch)
    batch.refresh_from_db()
    assert (batch.counts["skipped"], batch.counts["new"]) == (1, 1)
    assert batch.counts["reasons"] == {"by_person": 1}


def test_a_row_that_went_bad_after_the_check_is_kept_and_not_imported(
    lin, brand, checked, run_jobs
):
    from accounts.units import add_unit

    batch = checked(csv_file("大区编码,名称\nR1,East\nR2,South\n"))
    add_unit(by=lin, kind=UnitKind.REGION, code="R1", name="Closed", parent=brand)
    Unit.objects.filter(code="R1").update(active=False)
    run_jobs(importing.confirm_import, by=lin, batch=batch)
    batch.refresh_from_db()
    assert (batch.counts["new"], batch.counts["faulty"]) == (1, 1)
    assert ImportIssue.objects.get().faults[0]["params"] == {"code": "R1"}


# -- what always holds ---------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["R1", "R2", "", "7.5e+18", "合计", "'=R3"]),
            st.sampled_from(["East", "TEST", "", "=1+1", "West, or not"]),
            st.sampled_from(["1", "1.4万", "-", "x"]),
        ),
        max_size=12,
    )
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_row_has_one_outcome_and_the_import_does_what_the_check_said(lin, brand, table):
    with transaction.atomic():
        check_all_of(lin, brand, table)
        transaction.set_rollback(True)


def check_all_of(lin, brand, table):
    content = b"".join(csv_lines([["大区编码", "名称", "门店数"], *table]))
    batch = check(lin, brand, "test_regions", SimpleUploadedFile("x.csv", content))
    foreseen = batch.checked_counts
    assert sum(foreseen[outcome] for outcome in Outcome.values) == foreseen["rows"]
    assert foreseen["rows"] == sum(1 for row in table if any(row))
    assert batch.issues.count() == foreseen["faulty"] + foreseen["ambiguous"]
    if foreseen["new"]:
        batch = confirm(lin, batch)
        assert batch.counts["faulty"] == foreseen["faulty"]
        assert batch.counts["new"] == foreseen["new"]
        again = SimpleUploadedFile("y.csv", content + b"\r\n")
        assert check(lin, brand, "test_regions", again).checked_counts["new"] == 0
