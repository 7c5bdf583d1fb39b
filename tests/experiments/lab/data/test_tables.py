"""The table is the one in the file: what each way of writing it becomes, and what is said of it."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.lab.data import Preprocessing, Reading, load, look, prepare
from experiments.lab.data.cells import as_number, dates, numbers
from experiments.lab.data.columns import as_columns
from experiments.lab.data.encoders import fit_columns
from experiments.lab.data.location import File, read_file
from experiments.lab.data.outliers import outliers
from experiments.lab.data.rows import read_rows
from experiments.lab.data.table_file import read_table
from experiments.lab.io.errors import UserError

CASES = Path(__file__).parents[5] / "shared" / "cases"
VALUES = np.round(np.random.default_rng(0).normal(size=60), 3)
ROWS = [f"{value},{number % 7},{'ab'[number % 2]}" for number, value in enumerate(VALUES)]


def table(content, name="t.csv", reading=Reading(), **options):  # noqa: B008 (immutable)
    content = content.encode() if isinstance(content, str) else content
    return read_table(File(name, "t", name.split(".")[1], None, content), reading, **options)


def lines(*rows, header="a,b,c"):
    return "\n".join([header, *rows]) + "\n"


def said(found):
    return " | ".join(found.notes)


PLAIN = table(lines(*ROWS))


def test_a_plain_table_is_read_without_a_word():
    assert PLAIN.notes == () and PLAIN.first_line == 2 and PLAIN.missing == ()
    np.testing.assert_array_equal(PLAIN.frame["a"], VALUES)
    assert PLAIN.kinds == {"a": "number", "b": "number", "c": "category"}


def written(change, header="a,b,c"):
    return lines(*map(change, ROWS), header=header)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (written(lambda row: row.replace(",", ";"), "a;b;c"), "separated by ';'"),
        (written(lambda row: row.replace(",", "\t"), "a\tb\tc"), "separated by 'tab'"),
        (written(lambda row: row.replace(",", "|"), "a|b|c"), "separated by '|'"),
        (
            written(lambda row: row.replace(",", ";").replace(".", ","), "a;b;c"),
            "written as text and read as numbers: a (",
        ),
        (
            written(lambda row: row.replace("-", "\u2212")),
            "read as numbers: a (\u22120.132 is -0.132)",
        ),
        (written(lambda row: f"${row}"), "read as numbers: a ($0.126 is 0.126)"),
        (written(lambda row: row + ","), "a separator at the end of each row is left out"),
        (written(lambda row: row + ",", "a,b,c,"), "a separator at the end of each row"),
        ("# made by hand\n" + lines(*ROWS), "comment line at the top left out: 1"),
        ("\n\n" + lines(*ROWS), ""),
        (lines("m,kg,", *ROWS), "the first row holds units and is left out: m, kg"),
        (lines(*ROWS, "Total,,"), "the last row holds totals and is left out: Total"),
        (lines(*ROWS).encode("utf-16"), ""),
        (lines(*ROWS).encode("utf-8-sig"), ""),
        (lines(*ROWS).encode("utf-16-le"), "read as utf-16-le"),
        (lines(*ROWS).replace("\n", "\r\n"), ""),
        (written(lambda row: row.replace(",", ", ")), ""),
        (written(lambda row: '"' + row.replace(",", '", "') + '"'), ""),
    ],
)
def test_the_same_table_written_in_another_way_is_the_same_and_it_is_said(content, note):
    found = table(content)
    pd.testing.assert_frame_equal(found.frame, PLAIN.frame, check_dtype=False)
    assert found.kinds == PLAIN.kinds
    assert note in said(found) if note else found.notes == ()


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.parquet", lambda frame, to: frame.to_parquet(to)),
        ("t.feather", lambda frame, to: frame.to_feather(to)),
        ("t.json", lambda frame, to: to.write(frame.to_json(orient="records").encode())),
        ("t.jsonl", lambda f, to: to.write(f.to_json(orient="records", lines=True).encode())),
    ],
)
def test_the_same_table_in_another_format_is_the_same(name, write):
    content = io.BytesIO()
    write(PLAIN.frame, content)
    found = table(content.getvalue(), name)
    pd.testing.assert_frame_equal(found.frame, PLAIN.frame, check_dtype=False)
    assert found.kinds == PLAIN.kinds and found.first_line is None


def test_durations_are_seconds_and_dates_are_dates():
    frame = pd.DataFrame(
        {
            "took": pd.to_timedelta([1, 90], unit="min"),
            "when": pd.to_datetime(["2024-01-01T12:00", None], utc=True),
        }
    )
    content = io.BytesIO()
    frame.to_parquet(content)
    found = table(content.getvalue(), "t.parquet")
    assert found.frame["took"].tolist() == [60, 5400] and found.kinds["when"] == "date"
    assert "durations are numbers of seconds: took" in said(found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lines("1,2,3,4", *ROWS), "line 2 has 4 cells, but the header has 3; correct"),
        (lines(*ROWS, "1,2"), "line 62 has 2 cells, but the header has 3"),
        (
            lines(*ROWS, header="a,b"),
            "line 2 has 3 cells, but the header has 2; correct the header",
        ),
        (lines(*ROWS, header="a,b,a"), "columns 1 and 3 are both called 'a' and differ"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,b\n", "it has a header but no rows"),
        (b"PAR1 nothing", "it cannot be read as a table"),
    ],
)
def test_what_is_no_table_is_named(content, message):
    with pytest.raises(UserError, match=message):
        table(content)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.json", '{"a": [1', "it cannot be read as a table"),
        ("t.json", "[" * 100_000, "it cannot be read as a table"),
        ("t.json", "3", "it cannot be read as a table"),
        ("t.xlsx", "PK", "it is a spreadsheet; save the sheet"),
    ],
)
def test_another_format_that_cannot_be_read_is_named(name, content, message):
    with pytest.raises(UserError, match=message):
        table(content, name)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("[x],b\n1,2\n3,4\n", ["[x]", "b"]),
        ("{x},b\n1,2\n3,4\n", ["{x}", "b"]),
        ("a\u2028x,c\n1,2\n3,4\n", ["a\u2028x", "c"]),
        (b"\xff\xfea,b\n1,2\n3,4\xd8\n", ["ÿþa", "b"]),
        ("a,b\r1,2\r3,4\r", ["a", "b"]),
    ],
)
def test_what_looks_like_another_format_and_is_none_is_text(content, names):
    found = table(content)
    assert list(found.frame) == names


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (Reading(encoding="klingon"), "--encoding klingon: no such encoding"),
        (Reading(encoding="rot13"), "--encoding rot13: no such encoding"),
        (Reading(encoding="hex"), "--encoding hex: no such encoding"),
        (Reading(encoding="utf-16"), "--encoding utf-16: t.csv is not written so"),
        (Reading(separator="::"), "--separator ::: give one character"),
    ],
)
def test_what_the_user_says_and_cannot_be_is_named(reading, message):
    with pytest.raises(UserError, match=message):
        table(lines(*ROWS), reading=reading)


@pytest.mark.slow
def test_a_header_longer_than_a_first_look_is_read_whole_and_hints_are_short(tmp_path):
    count = 3000
    names = [f"the measurement with the number {number}" for number in range(count)]
    content = lines(*[",".join(map(str, range(count)))] * 3, header=",".join(names))
    assert len(content.split("\n")[0]) > 1 << 16
    assert list(table(content).frame) == names
    (tmp_path / "t.csv").write_text(content)
    for target in (None, "the measurement"):
        with pytest.raises(UserError, match=r"the measurement .* and 2,99\d more$") as refused:
            load(str(tmp_path / "t.csv"), target=target)
        assert len(str(refused.value)) < len(str(tmp_path)) + 600


def test_a_line_may_be_longer_than_a_cell_usually_is():
    names = [f"a_long_name_of_column_{number}" for number in range(10_000)]
    found = table("\n".join([",".join(names), *[",".join(["0.5"] * 10_000)] * 5]))
    assert list(found.frame) == names and (found.frame.to_numpy() == 0.5).all()


@pytest.mark.parametrize("gap", ["", " "])  # a space before a quote has the text written anew
def test_a_cell_may_be_long_and_csv_is_left_as_it_was(gap):
    long, usual = "word " * 40_000, 131_072
    csv.field_size_limit(usual)
    found = table(f'a,b\n1,{gap}"{long}"\n2,{gap}"x, y"\n3,{gap}"z"\n')
    assert found.frame["b"].tolist() == [long.strip(), "x, y", "z"]
    assert csv.field_size_limit() == usual


def test_a_first_look_shows_cells_as_they_are_written(tmp_path):
    rows = [f'"$1,{100 + n}",{n},2020-01-{n % 28 + 1:02d},{n}' for n in range(60)]
    (tmp_path / "t.csv").write_text(lines(*rows, header="price,size,day,y"))
    source = load(str(tmp_path / "t.csv"), target="y")
    shown = {row[0]: row[4] for row in look(source, prepare(source)).columns}
    assert shown["price"] == "$1,100" and shown["size"] == "0" and shown["day"] == "2020-01-01"


def test_without_a_header_the_first_line_is_a_row():
    for content, reading in (
        ("\n".join(ROWS), Reading()),
        ("\n".join(ROWS), Reading(header=False)),
    ):
        found = table(content, reading=reading)
        assert len(found.frame) == len(ROWS) and list(found.frame) == [
            "column_1",
            "column_2",
            "column_3",
        ]
        assert ("the first line holds numbers" in said(found)) == (reading.header is None)
    years = table("country,2019,2020\nA,1,2\nB,3,4\n")
    assert list(years.frame) == ["country", "2019", "2020"] and years.notes == ()
    words = table("x,y\na,b\nc,d\n")
    assert list(words.frame) == ["x", "y"] and len(words.frame) == 2


@pytest.mark.parametrize("word", ["?", "NA", "n/a", "None", "null", "-", "[223]", "not measured"])
def test_a_few_words_among_numbers_are_missing_and_named(word):
    cells = [word if number in (0, 30) else str(value) for number, value in enumerate(VALUES)]
    found = table(lines(*(f"{cell},1,x" for cell in cells)))
    assert found.kinds["a"] == "number" and found.frame["a"].isna().sum() == 2
    assert f"taken as missing: {word!r} (2 cells) in a" in said(found) and word in found.missing


@pytest.mark.parametrize("word", ["None", "NA", "null", "nan"])
def test_such_words_are_categories_among_categories(word):
    rows = [f"{number},1,{(word, 'mild', 'severe')[number % 3]}" for number in range(30)]
    found = table(lines(*rows))
    assert set(found.frame["c"]) == {word, "mild", "severe"} and found.missing == ()
    assert f"are categories here: {word!r} (10 cells) in c (--missing {word}" in said(found)
    again = table(lines(*rows), reading=Reading(missing=(word,)))
    assert again.frame["c"].isna().sum() == 10


def test_codes_are_kept_as_they_are():
    found = table(lines(*(f"{zip},{i},x" for i, zip in enumerate(["007", "7", "070", "0"] * 5))))
    assert found.frame["a"].unique().tolist() == ["007", "7", "070", "0"]
    assert "leading zeros" in said(found) and "--as a=number" in said(found)
    forced = table(lines("007,1,x", "7,2,y"), reading=Reading(kinds={"a": "number"}))
    assert forced.frame["a"].tolist() == [7, 7]


def test_what_is_partly_numbers_is_said_to_be_categories():
    cells = [f"w{number}" if number % 3 else str(number) for number in range(30)]
    rows = [f"{'abc' if n % 4 == 0 else n},1,{cell}" for n, cell in enumerate(cells)]
    found = table(lines(*rows))
    assert found.kinds == {"a": "category", "b": "number", "c": "category"}
    assert "a, 73% numbers, others such as 'abc' (8 cells)" in said(found)
    assert "--as a=number" in said(found)
    forced = table(lines(*rows), reading=Reading(kinds={"a": "number"}))
    assert forced.frame["a"].isna().sum() == 8


def test_spaces_do_not_make_another_category_but_case_does_and_it_is_said():
    found = table(lines(*(f"1,2,{('yes', 'yes ', ' no', 'No')[n % 4]}" for n in range(20))))
    assert set(found.frame["c"]) == {"yes", "no", "No"}
    assert "differ in upper and lower case only" in said(found) and "'no', 'No' in c" in said(found)
    letters = table(lines(*(f"1,2,{'aA'[n % 2]}" for n in range(20))))
    assert letters.notes == ()


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2024-01-31", "2024-02-29"], "ISO 8601"),
        (["2024-01-31T10:00:00Z", "2024-02-29T23:59:59.5+02:00"], "ISO 8601"),
        (["31.01.2024", "29.02.2024"], "%d.%m.%Y"),
        (["31/01/2024", "28/02/2024"], "%d/%m/%Y"),
        (["01/31/2024", "02/28/2024"], "%m/%d/%Y"),
        (["31-01-2024 10:30", "29-02-2024 11:00"], "%d-%m-%Y %H:%M"),
    ],
)
def test_dates_are_read_where_their_form_is_clear(cells, form):
    moments, found = dates(cells)
    assert found == form and pd.Timestamp(moments[0]).month == 1 and not np.isnat(moments).any()


@pytest.mark.parametrize("cells", [["01/02/2024", "03/04/2024"], ["1.2.3", "1.2.4"], ["2024", "x"]])
def test_what_may_be_no_date_is_none(cells):
    assert dates(cells) is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(("1,234", 1234), ("1,234,567.5", 1234567.5), ("1 234", 1234), ("1'234", 1234)),
        *(
            ("$1,234", 1234),
            ("-$5", -5),
            ("$-5", -5),
            ("5 €", 5),
            ("CHF 5", 5),
            ("5 USD", 5),
            ("45.0%", 0.45),
            ("−2", -2),
        ),
        *(
            ("1e3", 1000),
            ("1.5E-3", 0.0015),
            (".5", 0.5),
            ("5.", 5),
            ("+7", 7),
            ("1\u00a0234", 1234),
        ),
    ],
)
def test_a_number_is_read_however_it_is_written(cell, value):
    assert as_number(cell) == pytest.approx(value)
    assert numbers([cell])[0][0] == pytest.approx(value)


@pytest.mark.parametrize(
    "cell", ["", "1,23", "12,3456", "1.2.3", "$5€", "--5", "5 kg", "0x1F", "1_000", "12:30", "e5"]
)
def test_what_is_no_number_is_none(cell):
    assert as_number(cell) is None and np.isnan(numbers([cell])[0][0])


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e12, 1e12), st.sampled_from([".", ","]))
def test_a_number_with_groups_and_either_decimal_point_comes_back(value, decimal):
    text = f"{value:,.3f}"
    if decimal == ",":
        text = text.translate(str.maketrans(".,", ",."))
    assert as_number(text, decimal) == pytest.approx(value, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_written_by_pandas_come_back_to_the_last_bit(values):
    found = table(pd.DataFrame({"a": values, "b": 1}).to_csv(index=False))
    np.testing.assert_array_equal(found.frame["a"].to_numpy(float), values)


WRITTEN = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.sampled_from(
        [
            "-0",
            "0",
            "7",
            "1.",
            ".5",
            "+3",
            "-0.0",
            "1.234",
            "1,5",
            "1.234,5",
            "007",
            "00.5",
            "1e999",
            "1E-3",
            "4.9e-324",
        ]
    ),
    st.sampled_from(["", "", "NA", "12.50", "a"]),
)


@given(
    st.lists(st.lists(WRITTEN, min_size=6, max_size=6), min_size=1, max_size=4),
    st.sampled_from([None, ".", ","]),
)
def test_plain_numbers_are_read_together_as_each_cell_is_alone(columns, decimal):
    cells = {f"c{number}": column for number, column in enumerate(columns)}
    together = as_columns(cells, Reading(decimal=decimal))
    # A number that is looked for has every cell looked at.
    alone = as_columns(cells, Reading(decimal=decimal, missing=("987654321.5",)))
    pd.testing.assert_frame_equal(together.frame, alone.frame, check_exact=True)
    assert together[1:] == alone[1:]


@pytest.mark.parametrize("cell", ["?,692", "-?,210", "$?.500", "?.004%"])
def test_a_group_of_thousands_does_not_begin_with_0(cell):
    """So it tells the decimal point of the cells that could be either."""
    found = as_columns({"a": [cell.replace("?", "0"), cell.replace("?", "1")]}).frame["a"]
    assert 0 < abs(found[0]) < abs(found[1]) < 2


def test_the_decimal_comma_of_one_column_decides_for_the_others():
    found = table("a;b\n1,5;1.234\n2,25;2.000\n")
    assert found.frame["b"].tolist() == [1234, 2000]
    assert table("a,b\n1.5,1.234\n2.25,2.000\n").frame["b"].tolist() == [1.234, 2]
    columns = {"a": ["1,234", "2,345"]}
    assert as_columns(columns).frame["a"].tolist() == [1234, 2345]
    assert as_columns(columns, usual=",").frame["a"].tolist() == [1.234, 2.345]
    assert as_columns(columns, Reading(decimal=",")).frame["a"].tolist() == [1.234, 2.345]


def test_missing_cells_and_dates_are_inputs(tmp_path):
    days = pd.date_range("2024-01-01", periods=200, freq="D")
    frame = pd.DataFrame(
        {
            "day": days.astype(str),
            "size": np.where(np.arange(200) % 4, np.arange(200) / 10, np.nan),
            "kind": np.where(np.arange(200) % 10, None, "rare"),
            "y": np.arange(200) / 7,
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    data = prepare(load(str(tmp_path / "t.csv"), target="y"))
    fitted = {column.name: column for column in data.preprocessing.columns}
    assert fitted["day"].cycles == ("year", "week") and fitted["day"].features == 5
    assert fitted["size"].features == 2
    assert (fitted["kind"].categories, fitted["kind"].features) == (("rare",), 2)
    again = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
    rows = read_rows(str(tmp_path / "t.csv"), again)
    x = again.apply(rows.x)
    assert x.shape == (200, 9) and np.isfinite(x).all()
    np.testing.assert_array_equal(x[:, 1], np.arange(200) % 4 == 0)
    np.testing.assert_array_equal(x[:, -1], np.arange(200) % 10 != 0)
    week = x[:, [5, 6]]
    np.testing.assert_allclose(week[0], [0, 1], atol=1e-6)  # a Monday
    np.testing.assert_allclose(week[7:], week[:-7], atol=1e-6)
    np.testing.assert_allclose(np.diff(x[:, 2]), np.diff(x[:, 2])[0], rtol=1e-3)


def test_further_rows_are_read_as_the_first_ones(tmp_path):
    first = lines(*(f"{'?' if n == 3 else n / 2},{n % 3:03d},{n}" for n in range(60)))
    (tmp_path / "a.csv").write_text(first)
    data = prepare(load(str(tmp_path / "a.csv"), target="c"))
    (tmp_path / "b.csv").write_text('a,b\n?,1\n"$1,234.5",001\n')
    rows = read_rows(str(tmp_path / "b.csv"), data.preprocessing)
    assert rows.x["b"].tolist() == ["1", "001"]
    np.testing.assert_array_equal(rows.x["a"], [np.nan, 1234.5])
    for cell in ("abc", "inf"):
        (tmp_path / "b.csv").write_text(f"a,b\n1,1\n{cell},2\n")
        with pytest.raises(
            UserError, match=f"column a, row 2 holds '{cell}', which is not a finite"
        ):
            read_rows(str(tmp_path / "b.csv"), data.preprocessing)


def test_what_the_user_takes_as_missing_is_missing_in_further_rows_too(tmp_path):
    rows = (f"{-9999 if n % 9 == 1 else n},{('None', 'mild')[n % 2]},{n}" for n in range(60))
    (tmp_path / "a.csv").write_text(lines(*rows))
    reading = Reading(missing=("None", "-9999.0"))
    source = load(str(tmp_path / "a.csv"), target="c", reading=reading)
    assert source.x.isna().sum().tolist() == [7, 30]
    data = prepare(source)
    again = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
    (tmp_path / "b.csv").write_text("a,b,c\n-9999,None,1\n2,mild,2\n")
    found = read_rows(str(tmp_path / "b.csv"), again).x
    assert found.isna().to_numpy().tolist() == [[True, True], [False, False]]
    test = load(
        str(tmp_path / "a.csv"), target="c", reading=reading, test_data=str(tmp_path / "b.csv")
    ).test[0]
    assert test.isna().to_numpy().tolist() == [[True, True], [False, False]]


def test_images_far_from_0_keep_their_digits(tmp_path):
    noise = np.random.default_rng(0).normal(size=(40, 4, 4))
    for offset, scale in ((1e9, 1.0), (0.0, 1e60)):
        np.savez(tmp_path / "t.npz", x=offset + scale * noise, y=np.arange(40) % 2)
        x = prepare(load(str(tmp_path / "t.npz"))).x["train"]
        assert 0.8 < x.std() < 1.2 and len(np.unique(x)) > 100


def test_a_hundred_thousand_different_texts_are_looked_at_at_once():
    """No step is quadratic in the number of categories."""
    texts = [f"text {number}" for number in range(100_000)]
    found = as_columns({"a": texts}, Reading(kinds={"a": "category"}))
    assert found.frame["a"].nunique() == 100_000


@pytest.mark.parametrize("mark", [-9999.0, 1e300, -3.4028234663852886e38])
def test_a_mark_for_missing_cells_is_named_and_can_be_taken_as_one(mark, tmp_path):
    values = np.where(np.isin(np.arange(60), (7, 30)), mark, VALUES)
    rows = [f"{value},{number % 7},{number}" for number, value in enumerate(values.tolist())]
    (tmp_path / "t.csv").write_text(lines(*rows))
    notes = " | ".join(load(str(tmp_path / "t.csv"), target="c").notes)
    assert f"far from all others in their column: a, line 9 is {mark:.8g} (2 cells)" in notes
    reading = Reading(missing=(f"{mark:.8g}",))
    found = load(str(tmp_path / "t.csv"), target="c", reading=reading)
    assert found.x["a"].isna().sum() == 2 and "far from" not in " ".join(found.notes)


@pytest.mark.parametrize("large", [1e160, 1e300, 1.7e308])
def test_a_deviation_beyond_the_largest_square_is_finite(large):
    column = np.array([large, -large, 0.0, 1.0])
    (fitted,) = fit_columns(pd.DataFrame({"a": column}))
    expected = large * np.std(column / large)
    assert fitted.scale == pytest.approx(expected, rel=1e-12)
    assert np.abs(fitted.apply(pd.Series(column))).max() == pytest.approx(2**0.5)


def test_what_is_not_far_is_not_named():
    frame = pd.DataFrame({"a": VALUES, "b": np.arange(60) % 2, "c": np.exp(VALUES), "d": 5})
    assert outliers(frame) == []
    assert (
        "d, row 4 is 1000"
        in outliers(frame.assign(d=np.where(np.arange(60) == 3, 1000, VALUES)))[0]
    )


EXPECTED = {
    "comment.csv": (["a", "b", "label"], "comment line at the top left out"),
    "currency.csv": (["income", "b", "y"], "income ($11387 is 11387)"),
    "dup_target.csv": (["y", "a"], "column 3 is a copy of column 1, y: left out"),
    "label_case.csv": (["a", "b", "label"], "differ in upper and lower case only"),
    "leading_zero.csv": (["zip", "b", "y"], "leading zeros"),
    "nodata_sentinel.csv": (["elevation", "b", "y"], ""),
    "question.csv": (["a", "b", "label"], "taken as missing: '?' (4 cells) in a"),
    "semicolon.csv": (["a", "b", "y"], "separated by ';'"),
    "severity_none.csv": (["a", "b", "severity"], "are categories here: 'None' (16 cells)"),
}


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
@pytest.mark.parametrize("name", EXPECTED)
def test_the_cases_that_failed_once(name):
    columns, note = EXPECTED[name]
    found = read_table(read_file(str(CASES / name)))
    assert list(found.frame) == columns and note in said(found)
    texts = {"label", "severity", "zip"}
    assert {n for n, kind in found.kinds.items() if kind == "category"} == texts & set(columns)
