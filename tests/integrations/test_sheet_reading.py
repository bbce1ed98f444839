"""Files as users bring them: encodings, delimiters, headers, and files that mean harm."""

import gzip
import io
import tracemalloc
import zipfile

import pytest
from openpyxl import Workbook

from integrations.sheets.faults import Limits, SheetError
from integrations.sheets.headers import data_rows, find_header, guess_mapping
from integrations.sheets.reading import open_sheet

NOTES = ("笔记标题", "首次发布时间", "点赞", "评论", "收藏")


def cells(content: bytes, **options) -> list[list]:
    with open_sheet(io.BytesIO(content), **options) as sheet:
        return [row.cells for row in sheet.rows()]


def refusal(content: bytes, **options) -> SheetError:
    with pytest.raises(SheetError) as caught:
        cells(content, **options)
    return caught.value


def workbook(*rows, **sheets) -> bytes:
    book = Workbook()
    table = book.active
    for row in rows:
        table.append(row)
    for title, more in sheets.items():
        extra = book.create_sheet(title)
        for row in more:
            extra.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_parts(content: bytes, *, replaced=None, added=None) -> bytes:
    """The same container with some parts replaced or added."""
    replaced, added = replaced or {}, added or {}
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", 8) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, replaced.get(entry.filename, old.read(entry)))
        for name, data in added.items():
            new.writestr(name, data)
    return result.getvalue()


# -- encodings and delimiters --------------------------------------------------

TABLE = "门店,姓名\nSH001,周敏\n"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_each_usual_encoding_is_recognised(encoding, found):
    with open_sheet(io.BytesIO(TABLE.encode(encoding))) as sheet:
        assert sheet.encoding == found
        assert [row.cells for row in sheet.rows()] == [["门店", "姓名"], ["SH001", "周敏"]]


def test_gb18030_signs_outside_gbk_are_read():
    assert cells("名,字\n𠮷野,1\n门店经理,2\n".encode("gb18030"))[1] == ["𠮷野", "1"]


@pytest.mark.parametrize("encoding", ["shift_jis", "latin-1"])
def test_another_encoding_is_refused_with_the_line(encoding):
    words = {"shift_jis": "こんにちは、カタカナ", "latin-1": "café, naïve é"}
    content = b"a,b\n1,2\n" + words[encoding].encode(encoding) + b",3\n"
    error = refusal(content)
    assert (error.code, error.line) == ("encoding_unknown", 3)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(sign):
    content = (
        sign.join(["a", "b", "c"]) + "\n" + sign.join(["1,5" if sign != "," else "1", "2", "3"])
    )
    with open_sheet(io.BytesIO(content.encode())) as sheet:
        assert sheet.delimiter == sign
        assert [len(row.cells) for row in sheet.rows()] == [3, 3]


def test_mixed_line_ends_and_a_lone_carriage_return_in_a_cell():
    content = b'a,b\r\n1,2\n3,4\r"5\r6","7\n8"\r\n9,10'
    assert cells(content) == [["a", "b"], ["1", "2"], ["3", "4"], ["5\r6", "7\n8"], ["9", "10"]]


def test_quotes_inside_a_cell_are_kept():
    assert cells(b'title,size\nscreen 27" wide,1\n')[1] == ['screen 27" wide', "1"]


def test_a_quote_that_is_never_closed_is_refused_instead_of_swallowing_rows():
    error = refusal(b'a,b\n1,2\n"3,4\n5,6\n7,8\n')
    assert (error.code, error.line) == ("broken_quotes", 3)


def test_gzip_of_csv_is_read():
    assert cells(gzip.compress(TABLE.encode("gbk")))[1] == ["SH001", "周敏"]


def test_rows_can_be_read_again_and_the_callers_file_stays_open():
    file = io.BytesIO(TABLE.encode())
    with open_sheet(file) as sheet:
        assert [row.line for row in sheet.rows()] == [row.line for row in sheet.rows()] == [1, 2]
    assert not file.closed


# -- limits --------------------------------------------------------------------


def test_a_million_columns_are_refused_with_the_line():
    error = refusal(b"a,b\n" + b"1," * 1_000_000 + b"\n")
    assert (error.code, error.line, error.params["columns"]) == ("too_many_columns", 2, 1_000_001)


@pytest.mark.parametrize("quoted", [False, True])
def test_a_cell_of_ten_megabytes_is_refused_with_the_line(quoted):
    cell = b"x" * 10_000_000
    error = refusal(b"a,b\n1,2\n" + (b'"' + cell + b'"' if quoted else cell) + b",3\n")
    assert (error.code, error.line) == ("cell_too_large", 3)


def test_too_many_rows_are_refused_with_the_line():
    error = refusal(b"a\n" * 11, limits=Limits(rows=10))
    assert (error.code, error.line) == ("too_many_rows", 11)


def test_a_gzip_that_unpacks_too_large_is_refused_while_unpacking():
    content = gzip.compress(b"a,b\n" * 2_000_000)
    assert len(content) < 50_000
    assert refusal(content, limits=Limits(unpacked_bytes=1_000_000)).code == "unpacked_too_large"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n", "empty_file"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"<html><table><tr><td>1</td></tr></table>", "not_a_table"),
        (b"a\x00\x00\x00\x01b,c", "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_workbook"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        (b"PK\x03\x04 cut off", "damaged_file"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "damaged_file"),
    ],
)
def test_what_is_not_a_table_is_named(content, code):
    assert refusal(content).code == code


def test_memory_stays_flat_over_a_long_file():
    content = b"order,amount\n" + b"".join(b"E%08d,12.50\n" % number for number in range(300_000))
    file = io.BytesIO(content)
    tracemalloc.start()
    try:
        with open_sheet(file) as sheet:
            assert sum(1 for _row in sheet.rows()) == 300_001
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


# -- workbooks -----------------------------------------------------------------


def test_a_workbook_gives_typed_cells_and_its_sheets():
    content = workbook(["id", "n"], ["0012", 5], 隐藏=[["x"]])
    with open_sheet(io.BytesIO(content)) as sheet:
        assert [row.cells for row in sheet.rows()] == [["id", "n"], ["0012", 5]]
        assert [one.name for one in sheet.sheets] == ["Sheet", "隐藏"]
    assert cells(content, sheet="隐藏") == [["x"]]
    assert refusal(content, sheet="没有").code == "no_such_sheet"


def test_a_hidden_sheet_is_listed_and_not_taken():
    book = Workbook()
    book.active.append(["secret"])
    book.active.sheet_state = "hidden"
    book.create_sheet("列表").append(["seen"])
    with open_sheet(io.BytesIO(saved(book))) as sheet:
        assert [(one.name, one.hidden) for one in sheet.sheets] == [
            ("Sheet", True),
            ("列表", False),
        ]
        assert (sheet.chosen, [row.cells for row in sheet.rows()]) == ("列表", [["seen"]])


def test_cells_under_a_merged_one_are_marked():
    book = Workbook()
    for row in (["name", "likes"], ["one", 1], [None, 2]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    with open_sheet(io.BytesIO(saved(book))) as sheet:
        assert [row.covered for row in sheet.rows()] == [(), (), (0,)]


def test_a_formula_that_was_never_calculated_is_refused():
    error = refusal(workbook(["a"], ["=1+1"]))
    assert (error.code, error.line) == ("formula_without_value", 2)


def test_a_size_that_a_sheet_only_claims_to_have_costs_nothing():
    content = workbook(["a", "b"], [1, 2])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    claimed = xml.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
    assert claimed != xml
    content = with_parts(content, replaced={"xl/worksheets/sheet1.xml": claimed})
    assert cells(content) == [["a", "b"], [1, 2]]


def test_a_row_number_that_jumps_far_ahead_is_stopped():
    content = workbook(["a"], [1])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    far = xml.replace(b'<row r="2"', b'<row r="99999999999"').replace(b'r="A2"', b"")
    content = with_parts(content, replaced={"xl/worksheets/sheet1.xml": far})
    assert refusal(content, limits=Limits(rows=1000)).code == "too_many_rows"


def test_half_a_megabyte_that_unpacks_to_210_is_refused_before_parsing():
    bomb = with_parts(workbook(["a"]), added={"xl/media/fill.xml": b"<a>" + b" " * 210_000_000})
    assert len(bomb) < 500_000
    tracemalloc.start()
    try:
        error = refusal(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert (error.code, error.params["size_mb"]) == ("unpacked_too_large", 210)


def test_sizes_that_the_directory_hides_are_found_while_reading():
    content = workbook(["a"], *([["x" * 50]] * 2000))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
        size, place = entry.file_size, archive.start_dir
    # Central directory: the unpacked size of the entry is made to look small.
    head, tail = content[:place], content[place:]
    lying = head + tail.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert refusal(lying).code == "damaged_file"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"../../etc/cron.d/x": b"1"}, "unsafe_path"),
        ({"/etc/passwd": b"1"}, "unsafe_path"),
        ({"xl\\..\\..\\x": b"1"}, "unsafe_path"),
        ({"xl/vbaProject.bin": b"1"}, "macros"),
        ({"xl/macrosheets/sheet1.xml": b"<a/>"}, "macros"),
        ({"xl/embeddings/inner.zip": b"1"}, "nested_archive"),
        ({"xl/x.xml": b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://h/x"><a/>'}, "unsafe_xml"),
        (
            {"xl/x.xml": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'},
            "unsafe_xml",
        ),
        ({"xl/x.xml": '<?xml version="1.0"?><!DOCTYPE a><a/>'.encode("utf-16")}, "unsafe_xml"),
        ({"xl/x.xml": b"<?a?>" * 13_000 + b"<!DOCTYPE a><a/>"}, "unsafe_xml"),
        ({f"xl/media/{number}.png": b"" for number in range(2_100)}, "too_many_entries"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value))[:24],
)
def test_a_container_that_means_harm_is_refused_by_name(parts, code):
    assert refusal(with_parts(workbook(["a"], [1]), added=parts)).code == code


def test_an_encrypted_entry_and_a_container_without_a_workbook_are_refused():
    content = bytearray(workbook(["a"]))
    place = content.rfind(b"PK\x01\x02")
    content[place + 8] |= 1
    assert refusal(bytes(content)).code == "encrypted"
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert refusal(other.getvalue()).code == "not_a_workbook"


# -- headers -------------------------------------------------------------------


def header(content: bytes, known=NOTES):
    with open_sheet(io.BytesIO(content)) as sheet:
        found = find_header(sheet, known)
        return found, [row.cells for row in data_rows(sheet, found)]


def test_the_header_is_found_under_a_banner_row():
    content = "最多导出1000条笔记,,\n\n笔记标题,首次发布时间,点赞\n早安,2026-07-24,3\n\n".encode()
    found, rows = header(content)
    assert (found.line, found.names) == (3, ("笔记标题", "首次发布时间", "点赞"))
    assert rows == [["早安", "2026-07-24", "3"]]


def test_header_names_are_trimmed_of_what_nobody_sees():
    found, _rows = header(
        "\u200b笔记标题 ,首次发布时间\u202c, 点 赞,收藏\u00a0\na,b,c,d\n".encode()
    )
    assert guess_mapping(found, {"title": ["笔记标题"], "likes": ["点赞"], "saves": ["收藏"]}) == {
        "title": "笔记标题",
        "likes": "点 赞",
        "saves": "收藏",
    }


def test_names_in_the_second_of_two_header_rows():
    book = Workbook()
    for row in (
        ["笔记标题", "互动", None, None],
        [None, "点赞", "评论", "收藏"],
        ["早安", 3, 2, 1],
    ):
        book.active.append(row)
    book.active.merge_cells("B1:D1")
    book.active.merge_cells("A1:A2")
    found, rows = header(saved(book))
    assert (found.line, found.names) == (2, ("笔记标题", "点赞", "评论", "收藏"))
    assert rows == [["早安", 3, 2, 1]]


def test_equal_and_empty_header_names_become_unique():
    found, _rows = header("点赞,,点赞,评论,\n1,2,3,4\n".encode())
    assert found.names == ("点赞", "#2", "点赞 (2)", "评论")


def test_without_a_known_name_the_first_row_is_taken():
    found, rows = header(b"\n\nfoo,bar\n1,2\n")
    assert (found.line, found.names, rows) == (3, ("foo", "bar"), [["1", "2"]])


def test_a_kept_mapping_wins_over_a_guess_and_no_column_is_used_twice():
    found, _rows = header("笔记标题,点赞,点赞量\na,1,2\n".encode())
    wanted = {"title": ["笔记标题"], "likes": ["点赞", "点赞量"], "saves": ["点赞"]}
    assert guess_mapping(found, wanted) == {"title": "笔记标题", "likes": "点赞"}
    assert guess_mapping(found, wanted, {"likes": "点赞量", "title": ""}) == {
        "likes": "点赞量",
        "saves": "点赞",
    }
