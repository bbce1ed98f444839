"""Every shown text is there in Chinese and Japanese, and written as the language is written."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise

from accounts.activity import FACTS
from kosops.local import build, messages
from kosops.local.state import BASE_DIR

CODES = {"zh_Hans": "zh-hans", "ja": "ja"}
CATALOGUES = {
    name: polib.pofile(str(BASE_DIR / "locale" / name / "LC_MESSAGES" / "django.po"))
    for name in CODES
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}")
TAG = re.compile(r"</?\w[^>]*>")
# Words that are the same in every language.
SAME = {"1 + X + N", "App", "KOC", "KOS", "WeCom", "kosops", "%(kos)s KOS · %(koc)s KOC"}
CJK = "[\u3005\u3040-\u30ff\u4e00-\u9fff]"
# One word per idea: where English has the word, the translation has one of these.
TERMS = {
    "commission": {"zh_Hans": "佣", "ja": "コミッション|報酬"},
    "payout": {"zh_Hans": "打款|收款", "ja": "支払"},
    "settlement": {"zh_Hans": "结算", "ja": "精算"},
    "creator": {"zh_Hans": "创作者", "ja": "クリエイター"},
    "note": {"zh_Hans": "笔记", "ja": "ノート"},
    "notes": {"zh_Hans": "笔记", "ja": "ノート"},
    "share code": {"zh_Hans": "专属推广码", "ja": "専用紹介コード"},
    "tier": {"zh_Hans": "等级|降级|升级|保级|%\\(tier\\)s", "ja": "ランク|昇格|降格|%\\(tier\\)s"},
    "store(?! assistant)": {"zh_Hans": "店", "ja": "店|ストア"},
    "paired": {"zh_Hans": "绑定", "ja": "対応付け"},
}

each_language = pytest.mark.parametrize("language", CODES)


def texts(entry: polib.POEntry) -> list[str]:
    return [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]


def pairs(language: str) -> Iterator[tuple[str, str]]:
    """(what English says, what is said instead); for counted things English says the plural."""
    for entry in CATALOGUES[language]:
        for text in texts(entry):
            if text:
                yield entry.msgid_plural or entry.msgid, text


def bare(text: str) -> str:
    """A text without what a program puts in."""
    return TAG.sub("", PLACEHOLDER.sub("", text))


def test_every_language_of_the_settings_has_a_catalogue() -> None:
    assert {code for code, _name in settings.LANGUAGES} == {"en", *CODES.values()}


@each_language
def test_nothing_is_missing_unsure_or_left_over(language: str) -> None:
    catalogue = CATALOGUES[language]
    assert [entry.msgid for entry in catalogue if not all(map(str.strip, texts(entry)))] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


@each_language
def test_the_header_names_the_language_and_its_one_plural_form(language: str) -> None:
    header = CATALOGUES[language].metadata
    assert header["Language"] == language
    assert header["Plural-Forms"] == messages.PLURAL_FORMS
    assert "UTF-8" in header["Content-Type"]
    assert not {"POT-Creation-Date", "PO-Revision-Date"} & set(header)
    counted = [entry for entry in CATALOGUES[language] if entry.msgid_plural]
    assert counted
    assert [entry.msgid for entry in counted if set(entry.msgstr_plural) != {0}] == []


@each_language
@pytest.mark.parametrize("kept", [PLACEHOLDER, TAG], ids=["placeholders", "tags"])
def test_a_translation_keeps_what_a_program_reads(language: str, kept: re.Pattern[str]) -> None:
    assert [
        (source, text)
        for source, text in pairs(language)
        if Counter(kept.findall(source)) != Counter(kept.findall(text))
    ] == []


@each_language
def test_line_breaks_at_the_ends_are_kept(language: str) -> None:
    assert [
        source
        for source, text in pairs(language)
        if (source[0], source[-1]).count("\n") != (text[0], text[-1]).count("\n")
        or text != text.strip(" \t\u3000")
    ] == []


@each_language
def test_punctuation_is_full_width(language: str) -> None:
    halves = re.compile(f"{CJK}[,:;?!()]|[,:;?!()]{CJK}|{CJK}\\.(?!\\w)|{CJK}\\.\\.\\.")
    assert [text for _source, text in pairs(language) if halves.search(bare(text))] == []


@each_language
def test_a_sentence_stays_a_sentence_and_a_label_a_label(language: str) -> None:
    stops = {".": "。", "?": "？", ":": "："}
    assert [
        (source, text)
        for source, text in pairs(language)
        if text[-1] in "。？：" and stops.get(source[-1]) != text[-1]
    ] == []
    assert [
        (source, text)
        for source, text in pairs(language)
        if source[-1] in stops and text[-1] not in "。？："
    ] == []


@each_language
def test_only_names_are_left_in_english(language: str) -> None:
    assert [
        text
        for source, text in pairs(language)
        if text == source and re.search("[A-Za-z]", bare(text)) and text not in SAME
    ] == []


@each_language
@pytest.mark.parametrize("term", TERMS)
def test_an_idea_has_one_word(language: str, term: str) -> None:
    wanted = re.compile(TERMS[term][language])
    named = re.compile(rf"(?<![\w({{]){term}(?![\w)}}])", re.IGNORECASE)
    assert [
        (source, text)
        for source, text in pairs(language)
        if named.search(source) and not wanted.search(text)
    ] == []


def test_chinese_speaks_to_everybody_in_one_way_and_sets_latin_words_apart() -> None:
    touching = re.compile(f"{CJK}[A-Za-z]|[A-Za-z]{CJK}")
    for _source, text in pairs("zh_Hans"):
        assert not re.search("[您「」『』]", text), text
        # A placeholder may become a Chinese word, so it stands close.
        assert not touching.search(TAG.sub("", PLACEHOLDER.sub("。", text))), text


def test_japanese_has_its_own_quotation_marks_and_no_gaps() -> None:
    for _source, text in pairs("ja"):
        assert not re.search("[“”]", text), text
        assert not re.search(f"{CJK} {CJK}", text), text


@each_language
def test_django_finds_the_catalogue(language: str) -> None:
    build.catalogues()
    entry = next(one for one in CATALOGUES[language] if one.msgid == "Account matrix")
    with translation.override(CODES[language]):
        assert translation.gettext("Account matrix") == entry.msgstr


# -- words that are looked up -----------------------------------------------------


def facts_written() -> Iterator[tuple[str, str]]:
    """(file, name) of every fact that a command writes into the activity log by name."""
    for path in sorted(BASE_DIR.glob("*/*.py")):
        if path.parts[-2] in {"tests", "bench"}:
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "record":
                for given in call.keywords:
                    if given.arg in {"before", "after"} and isinstance(given.value, ast.Dict):
                        for key in given.value.keys:
                            if isinstance(key, ast.Constant):
                                yield path.name, key.value


def test_facts_in_the_activity_log_have_names_in_every_language() -> None:
    in_words = {
        field.name
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(getattr(field, "verbose_name", ""), Promise)
    }
    written = set(facts_written())
    assert len(written) > 20
    assert (
        sorted((file, name) for file, name in written if name not in FACTS.keys() | in_words) == []
    )


# -- collecting ----------------------------------------------------------------


def test_the_catalogues_know_all_that_the_source_says() -> None:
    if not messages.can_collect():
        pytest.skip("GNU gettext (xgettext) is not installed, so the source cannot be read")
    said = {(entry.msgctxt, entry.msgid) for entry in messages.collected()}
    assert len(said) > 1000
    for language, catalogue in CATALOGUES.items():
        known = {(entry.msgctxt, entry.msgid) for entry in catalogue}
        new = sorted(msgid for _context, msgid in said - known)
        assert new == [], f"{language}: see docs/translating.md"


def catalogue(*entries: polib.POEntry) -> polib.POFile:
    made = polib.POFile()
    made.extend(entries)
    return made


def test_a_catalogue_keeps_its_translations_when_it_is_renewed() -> None:
    old = catalogue(
        polib.POEntry(msgid="Paid", msgstr="已付款", occurrences=[("a.py", "3")]),
        polib.POEntry(msgctxt="payout", msgid="Paid", msgstr="已打款", flags=["fuzzy"]),
        polib.POEntry(msgid="Gone", msgstr="没有了"),
        polib.POEntry(msgid="%(n)s order", msgstr="%(n)s个订单"),
    )
    template = catalogue(
        polib.POEntry(msgid="New"),
        polib.POEntry(msgctxt="payout", msgid="Paid"),
        polib.POEntry(msgid="Paid", occurrences=[("b.py", "7"), ("c.py", "9")]),
        polib.POEntry(msgid="%(n)s order", msgid_plural="%(n)s orders"),
    )
    new = messages.renewed(template, old, "zh_Hans")
    assert [(entry.msgctxt, entry.msgid, entry.msgstr) for entry in new][:3] == [
        (None, "New", ""),
        ("payout", "Paid", "已打款"),
        (None, "Paid", "已付款"),
    ]
    assert new[1].fuzzy
    assert new[2].occurrences == [("b.py", ""), ("c.py", "")]
    assert new[3].msgstr_plural == {0: "%(n)s个订单"}
    assert len(new) == 4


def test_a_message_that_is_no_longer_counted_keeps_its_translation() -> None:
    old = catalogue(
        polib.POEntry(msgid="order", msgid_plural="orders", msgstr_plural={0: "订单"}),
    )
    new = messages.renewed(catalogue(polib.POEntry(msgid="order")), old, "zh_Hans")
    assert [(entry.msgid, entry.msgstr) for entry in new] == [("order", "订单")]
