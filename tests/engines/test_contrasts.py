"""contrast_anomalies: the segments that the library finds in the rows that are in the database."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from adsql.contrasts import contrast

QUERY = "SELECT segment, rows, anomalies, support, lift, p_value FROM contrast_anomalies({})"


def orders():
    """Orders of which many of one shop's large ones are wrong."""
    rng = np.random.default_rng(2)
    shop, price = rng.choice(["a", "b", "c"], 900), rng.gamma(2.0, 10.0, 900)
    wrong = (rng.random(900) < 0.02) | ((shop == "b") & (price > 30) & (rng.random(900) < 0.7))
    return {
        "shop": pa.array([None if i % 97 == 0 else str(name) for i, name in enumerate(shop)]),
        "price": pa.array(price),
        "stars": pa.array(rng.integers(1, 6, 900), pa.int32()),
        "wrong": pa.array([None if i % 50 == 0 else bool(flag) for i, flag in enumerate(wrong)]),
    }


@pytest.fixture(scope="module")
def orderly(shared):
    """An engine with the orders."""
    shared.create("orders", orders())
    shared.keep()
    yield shared
    shared.run("DROP TABLE orders")


def test_segments_are_those_of_the_library(orderly):
    expected = contrast(orders(), "wrong", ["shop", "price", "stars"])
    assert any(one.segment.startswith("shop = 'b' and price in [") for one in expected)
    found = orderly.rows(QUERY.format("'orders', 'wrong', ARRAY['shop', 'price', 'stars']"))
    assert found == [tuple(one) for one in expected]


def test_a_select_that_flags_by_a_model_is_a_source(orderly):
    source = "SELECT shop, price, price > 60 AS is_anomaly FROM orders"
    found = orderly.rows(QUERY.format(f"'{source}', 'IS_ANOMALY', ARRAY['Price']"))
    assert found[0][0].startswith("price in [")


@pytest.mark.parametrize(
    ("call", "code", "fragment"),
    [
        ("'nope', 'wrong', ARRAY['shop']", "UNKNOWN_SOURCE", "'nope'"),
        ("'DELETE FROM orders', 'wrong', ARRAY['shop']", "INVALID_SOURCE", "DELETE"),
        ("'orders', 'wrng', ARRAY['shop']", "UNKNOWN_COLUMN", "did you mean 'wrong'?"),
        ("'orders', 'wrong', ARRAY['shp']", "UNKNOWN_COLUMN", "dimensions: column 'shp'"),
        ("'orders', 'price', ARRAY['shop']", "UNUSABLE_COLUMN", "flag 'price'"),
        ("'orders', CAST(NULL AS text), ARRAY['shop']", "INVALID_OPTION", "flag"),
        ("'orders', 'wrong', CAST(ARRAY[] AS text[])", "INVALID_OPTION", "dimensions"),
        ("'SELECT * FROM orders WHERE price < 0', 'wrong', ARRAY['shop']", "EMPTY_SOURCE", "no rows"),
        ("'SELECT * FROM orders WHERE wrong IS NULL', 'wrong', ARRAY['shop']", "EMPTY_SOURCE", "flag"),
    ],
)
def test_what_is_wrong_is_told(orderly, call, code, fragment):
    with orderly.raises(code, fragment):
        orderly.rows(QUERY.format(call))
