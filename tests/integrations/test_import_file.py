"""The import from the command line."""

import pytest
from django.core.management import CommandError, call_command

from accounts.choices import UnitKind
from accounts.models import Unit
from content import import_notes  # noqa: F401  (a format with a question)
from content.models import Post
from integrations.choices import ImportState
from integrations.models import ImportBatch
from matrix.registry import add_account


@pytest.fixture
def stores_file(tmp_path):
    file = tmp_path / "stores.csv"
    file.write_text("门店编码,门店名称\n0012,静安\n,无\n", encoding="gbk")
    return file


def run(*arguments, **more) -> None:
    call_command("import_file", *map(str, arguments), **more)


def test_without_confirmation_nothing_changes(lin, brand, stores_file, capsys):
    run("stores", stores_file, "--brand", "CY", "--by", "lin", "--source", "hr")
    said = capsys.readouterr().out
    assert "checked" in said
    assert ImportBatch.objects.get().state == ImportState.CHECKED
    assert not Unit.objects.filter(kind=UnitKind.STORE).exists()


def test_with_confirmation_the_good_rows_go_in(lin, brand, stores_file, capsys):
    run("stores", stores_file, "--brand", "CY", "--by", "lin", "--source", "hr", "--confirm")
    assert Unit.objects.get(kind=UnitKind.STORE).name == "静安"
    assert "faulty" in capsys.readouterr().out


def test_a_question_is_answered_by_a_search(lin, brand, tmp_path):
    add_account(by=lin, platform="xiaohongshu", handle="澄野美妆", ownership="personal", unit=brand)
    file = tmp_path / "notes.csv"
    file.write_text("笔记标题,首次发布时间,点赞\n早安,2026-07-24 12:00:00,3\n", encoding="utf-8")
    common = ("--brand", "CY", "--by", "lin", "--source", "xhs", "--confirm")
    with pytest.raises(CommandError, match="nothing"):
        run("xiaohongshu_notes", file, *common, "--option", "account=别人")
    ImportBatch.objects.all().delete()
    run("xiaohongshu_notes", file, *common, "--option", "account=澄野")
    assert Post.objects.get().likes == 3


def test_who_may_not_import_is_refused(wu, lin, brand, stores_file):
    with pytest.raises(CommandError, match="may not"):
        run("stores", stores_file, "--brand", "CY", "--by", "wu", "--source", "hr")
    with pytest.raises(CommandError, match="no such"):
        run("stores", stores_file, "--brand", "XX", "--by", "lin", "--source", "hr")
    stores_file.write_text("")
    with pytest.raises(CommandError, match="empty"):
        run("stores", stores_file, "--brand", "CY", "--by", "lin", "--source", "hr")
