"""Pictures of series: what they show, what they refuse, and that a page needs nothing beside it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import matplotlib.image
import numpy as np
import pyarrow as pa
import pytest

import adsql
from adsql.errors import EmptySource, InvalidOption, MissingColumn, UnusableColumn
from adsql.plot import read, write
from adsql.plot.scale import extent, thinned
from adsql.plot.words import headline

N = 300


@pytest.fixture(scope="module")
def con():
    with adsql.connect() as con:
        con.execute(f"""
            CREATE TABLE sales AS
            SELECT 'shop <' || s || '>' AS shop, TIMESTAMP '2024-03-01' + to_hours(i) AS ts, i,
                50 + 20 * sin(2 * pi() * i / 24) + hash(i * 7 + s) % 5 + if(s = 2 AND i BETWEEN 200 AND 202, 60, 0) AS v
            FROM range(1, 4) AS a(s), range({N}) AS b(i)
        """)
        yield con


@pytest.fixture(scope="module")
def results(con):
    return con.sql(
        "FROM detect_series_anomalies('sales', 'ts', 'v', series => 'shop', alert_budget => 3)"
    ).to_arrow_table()


@pytest.fixture(scope="module")
def incidents(con):
    return con.sql(
        "SELECT 'shop <2>' AS series, TIMESTAMP '2024-03-09 06:00:00' AS started_at, TIMESTAMP '2024-03-09 12:00:00' AS ended_at"
    ).to_arrow_table()


class Tags(HTMLParser):
    """What a page would fetch, and its scripts."""

    def __init__(self):
        super().__init__()
        self.fetched, self.scripts = [], 0

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.fetched += [value for name, value in attrs if name in ("src", "href") and value]


def test_series_are_read_strangest_first_with_their_own_incidents(results, incidents):
    found = read(results, incidents)
    assert found[0].name == "shop <2>"
    assert {each.name for each in found} == {"shop <1>", "shop <2>", "shop <3>"}
    assert [len(each.incidents) for each in found] == [1, 0, 0]
    for each in found:
        assert len(each.times) == len(each.value) == N
        assert (np.diff(each.times).astype(int) > 0).all()
        assert each.has_bounds
        assert each.is_anomaly.sum() <= 3
    assert headline(found[0]) == f"shop <2>: 3 of {N} points anomalous"


@pytest.mark.parametrize("suffix", [".png", ".svg", ".html"])
def test_a_file_of_each_kind_is_written(tmp_path, results, incidents, suffix):
    file = tmp_path / f"a{suffix}"
    write(file, read(results, incidents), "All <shops>")
    if suffix == ".png":
        pixels = matplotlib.image.imread(file)
        height, width, _ = pixels.shape
        assert width > 1_000
        assert height > 900, "three panels"
        red = (abs(pixels[..., 0] - 0xD6 / 255) < 0.02) & (abs(pixels[..., 1] - 0x28 / 255) < 0.02)
        assert red.sum() > 50, "anomalies are marked"
        amber = (abs(pixels[..., 0] - 0xFD / 255) < 0.02) & (abs(pixels[..., 2] - 0xB0 / 255) < 0.02)
        assert amber.sum() > 500, "the incident is shaded"
    elif suffix == ".svg":
        assert ET.parse(file).getroot().tag.endswith("svg")
        again = tmp_path / "b.svg"
        write(again, read(results, incidents), "All <shops>")
        assert len(again.read_bytes()) == len(file.read_bytes())
    else:
        text = file.read_text()
        tags = Tags()
        tags.feed(text)
        assert tags.fetched == [], "the page needs no network"
        assert tags.scripts > 0
        assert plotted(file)[1]["title"]["text"] == "All &lt;shops>"


def plotted(file):
    """Return the traces and the layout that a page draws."""
    text = file.read_text()
    start = text.index("[", text.rindex("Plotly.newPlot("))
    traces, end = json.JSONDecoder().raw_decode(text, start)
    layout, _ = json.JSONDecoder().raw_decode(text, text.index("{", end))
    return traces, layout


def test_a_page_shows_the_anomalies_where_they_are(tmp_path, results, incidents):
    file = tmp_path / "a.html"
    write(file, read(results, incidents))
    traces, layout = plotted(file)
    assert [trace["name"] for trace in traces[:5]] == ["from", "normal range", "expected", "value", "anomaly"]
    times = traces[4]["x"]
    assert times[200].startswith("2024-03-09T08:00:00")
    assert [shape["type"] for shape in layout["shapes"]] == ["rect"]
    assert layout["annotations"][0]["text"].startswith("shop &lt;2>: 3 of")
    assert layout["shapes"][0]["x0"].startswith("2024-03-09T06:00")


def test_scores_have_a_panel_where_nothing_was_expected(tmp_path, con):
    table = con.sql(
        "FROM detect_series_anomalies('FROM sales WHERE shop LIKE ''%2%''', 'i', 'v', algorithm => 'window_neighbours')"
    ).to_arrow_table()
    [series] = read(table)
    assert not series.has_bounds
    assert series.times.dtype == np.int64
    for suffix in (".png", ".html"):
        write(tmp_path / f"a{suffix}", [series])
    traces, _ = plotted(tmp_path / "a.html")
    assert traces[-1]["name"] == "score"


def test_only_so_many_series_are_drawn(tmp_path, results):
    many = read(results) * 4
    write(tmp_path / "a.html", many)
    traces, _ = plotted(tmp_path / "a.html")
    assert sum(trace["name"] == "value" for trace in traces) == 8


def test_long_series_are_thinned_and_look_the_same():
    values = np.random.default_rng(0).normal(size=50_000)
    values[12_345] = 30.0
    values[777] = np.nan
    keep = np.zeros(50_000, dtype=bool)
    keep[44_444] = True
    kept = thinned(values, keep, 2_000)
    assert len(kept) <= 2_001
    assert {12_345, 44_444} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert np.nanmin(values[kept]) == np.nanmin(values)
    assert len(thinned(np.full(9_000, np.nan), np.zeros(9_000, dtype=bool), 100)) == 50


def test_bounds_far_out_do_not_flatten_the_values(results):
    [series, *_] = read(results)
    low, high = extent(series)
    assert low < series.value.min() < series.value.max() < high
    assert high - low < 2.0 * np.ptp(series.value)


@pytest.mark.parametrize("values", [[None] * 40, [5.0] * 40, [1e150, -1e150] * 20])
def test_odd_series_are_drawn(tmp_path, con, values):
    con.register("odd", pa.table({"t": range(len(values)), "v": pa.array(values, pa.float64())}))
    table = con.sql("FROM detect_series_anomalies('odd', 't', 'v')").to_arrow_table()
    for suffix in (".png", ".html"):
        write(tmp_path / f"a{suffix}", read(table))
        assert (tmp_path / f"a{suffix}").stat().st_size > 1_000


def test_what_cannot_be_drawn_is_told(tmp_path, con, results):
    with pytest.raises(MissingColumn, match="is_anomaly"):
        read(results.drop_columns(["is_anomaly"]))
    with pytest.raises(MissingColumn, match="started_at"):
        read(results, pa.table({"series": ["a"]}))
    with pytest.raises(EmptySource):
        read(results.slice(0, 0))
    several = con.sql("FROM detect_series_anomalies('sales', 'ts', ['v', 'i'], series => 'shop')").to_arrow_table()
    with pytest.raises(UnusableColumn, match="several values"):
        read(several)
    with pytest.raises(UnusableColumn, match="time"):
        read(results.set_column(1, "ts", pa.array(["now"] * len(results))))
    with pytest.raises(InvalidOption, match=r"\.png, \.svg, \.html"):
        write(tmp_path / "a.pdf", read(results))
    with pytest.raises(InvalidOption, match="cannot be written"):
        write(tmp_path / "no folder" / "a.svg", read(results))


def test_no_word_of_a_source_becomes_part_of_the_page(tmp_path, con):
    con.execute(
        "CREATE OR REPLACE TABLE evil AS SELECT '</script><script>alert(1)</script>' AS s, i AS t, i % 5 AS v FROM range(60) r(i)"
    )
    table = con.sql("FROM detect_series_anomalies('evil', 't', 'v', series => 's')").to_arrow_table()
    write(tmp_path / "a.html", read(table), "<script>alert(2)</script>")
    text = (tmp_path / "a.html").read_text()
    assert not re.search(r"<script>alert", text)
