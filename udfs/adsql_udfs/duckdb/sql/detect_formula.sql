-- Score every row with a saved model, in SQL; see formulas.py. Rows outside its range or near the threshold, and all rows
-- if another version of the model has come since the query was planned, are scored in Python.
WITH adsql_source AS NOT MATERIALIZED (
$source
),
adsql_model AS MATERIALIZED (
SELECT $handle AS handle
)
SELECT
    * EXCLUDE (adsql_handle, adsql_score),
    adsql_score AS anomaly_score,
    CASE
        WHEN adsql_handle = $number THEN __adsql_severity_at(adsql_handle, adsql_score)
        ELSE __adsql_severity(adsql_handle, $row)
    END AS severity,
    CASE
        WHEN adsql_handle = $number THEN adsql_score > $threshold
        ELSE __adsql_is_anomaly(adsql_handle, $row)
    END AS is_anomaly
FROM (
    SELECT
        * EXCLUDE ($features, adsql_formula),
        CASE
            WHEN adsql_handle = $number AND adsql_formula <= $largest AND abs(adsql_formula - $threshold) > $near
                THEN adsql_formula
            ELSE __adsql_anomaly_score(adsql_handle, $row)
        END AS adsql_score
    FROM (
        SELECT *, $score AS adsql_formula
        FROM (
            SELECT adsql_source.*, adsql_model.handle AS adsql_handle, $scaled
            FROM adsql_source, adsql_model
        )
    )
)
