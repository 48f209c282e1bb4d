"""The first row that a new session scores does not wait for compiled code, and has the score that all have."""

from __future__ import annotations

import pytest

NUMBA = """
CREATE FUNCTION pg_temp.numba_is_loaded() RETURNS boolean LANGUAGE plpython3u AS $$
import sys
return 'numba' in sys.modules
$$
"""
FORMS = {
    "row": "(SELECT anomaly_score('m', t) FROM trips AS t WHERE id = 7)",
    "values": "(SELECT anomaly_score('m', fare, km) FROM trips AS t WHERE id = 7)",
    "jsonb": "(SELECT anomaly_score('m', to_jsonb(t)) FROM trips AS t WHERE id = 7)",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_first_row_is_scored_without_compiled_code_and_as_all_are(postgres, database, con, form):
    source = "SELECT id, fare, km FROM trips" if form == "values" else "SELECT * FROM trips"
    con.execute("SELECT train_model('m', %s, algorithm => 'iforest')", [source])
    with postgres.connect(dbname=database) as fresh:
        fresh.execute(NUMBA)
        first, is_loaded = fresh.execute(f"SELECT {FORMS[form]}, pg_temp.numba_is_loaded()").fetchone()
        assert not is_loaded
        among_all = "SELECT anomaly_score FROM detect_anomalies(%s, model => 'm') WHERE \"row\" ->> 'id' = '7'"
        (score,) = fresh.execute(among_all, [source]).fetchone()
        again, is_loaded = fresh.execute(f"SELECT {FORMS[form]}, pg_temp.numba_is_loaded()").fetchone()
        assert is_loaded
    assert first == again == score
