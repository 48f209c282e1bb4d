"""What the commands tell beside their result, on standard error."""

from pathlib import Path

import pytest

from cli.program import adsql

ROWS = range(300)


def test_detect_and_train_tell_which_columns_they_used_and_which_not(folder):
    Path("t.csv").write_text("id,x,day,c\n" + "".join(f"{i},{i * i % 17},2024-01-0{1 + i % 7},1\n" for i in ROWS))
    for command in (["detect", "t.csv"], ["train", "m", "t.csv", "-d", "m.duckdb"]):
        told = adsql(*command).stderr
        assert "columns used: day, x\n" in told
        assert "columns left out: id (a key: every value is different and the values are consecutive); c (const" in told
        assert "hint" not in told


@pytest.mark.parametrize("distinct", [10, 300])
@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("{},{:02}", "numbers"),
        ("${}.{:02}", "numbers"),
        ("{:02}.{:02}.24", "dates"),
        ("room {}-{}", ""),
        ("192.168.{}.{}", ""),
    ],
)
def test_text_that_looks_like_numbers_or_dates_is_told(folder, value, what, distinct):
    rows = "".join(f'{i % 17};"{value.format(11 + i % distinct % 17, 13 + i % distinct // 17)}"\n' for i in ROWS)
    Path("t.csv").write_text("x;price\n" + rows)
    told = adsql("detect", "FROM read_csv('t.csv', auto_type_candidates=['BIGINT', 'VARCHAR'])").stderr
    hints = [line for line in told.splitlines() if line.startswith("hint")]
    text = f"hint: most values of price are text that looks like {what}: cast them in a SELECT"
    assert hints == ([text] if what else [])


def test_the_remedy_for_a_file_is_told_and_helps(folder):
    Path("t.csv").write_text("x;price\n" + "".join(f"{i % 17};{i % 23},{i % 7}5\n" for i in ROWS))
    told = adsql("detect", "t.csv").stderr
    remedy = "FROM read_csv('t.csv', decimal_separator=',')"
    assert f'-i "{remedy}"' in told
    assert "hint" not in adsql("detect", "-i", remedy).stderr


def test_a_model_that_scores_no_row_is_warned_of(folder):
    adsql("train", "m", "trips.csv", "-d", "m.duckdb", "--segment-by", "payment")
    query = "SELECT * REPLACE (upper(payment) AS payment) FROM 'trips.csv'"
    assert "warning: no row has a score" in adsql("score", "m", query, "-d", "m.duckdb").stderr
    assert "warning" not in adsql("score", "m", "trips.csv", "-d", "m.duckdb").stderr


@pytest.mark.parametrize("option", [["--contamination", "0.1"], ["--alert-budget", "10"]])
def test_ties_that_leave_nothing_flagged_are_told(folder, option):
    Path("ties.csv").write_text("x\n" + "1\n9\n" * 50)
    assert "notice: nothing is flagged: more rows than asked for" in adsql("detect", "ties.csv", *option).stderr
    assert "notice" not in adsql("detect", "ties.csv").stderr
    assert "notice" not in adsql("detect", "trips.csv", *option).stderr
