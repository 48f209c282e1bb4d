-- What a column of a row contributes to its score, as explain_anomaly returns it.
CREATE TYPE adsql.explanation AS (
    feature text, value text, expected text, contribution double precision, rank integer, reason text
);
