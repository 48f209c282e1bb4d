-- Where each series changes, at the time of the first point behind the change.
$lists,
adsql_found AS (
SELECT adsql_key, adsql_place, adsql_rows, __adsql_change_points(adsql_rows, $options) AS adsql_changes
FROM adsql_spread
)
SELECT
    adsql_key AS series,
    adsql_rows[adsql_change.row].t AS ts,
    adsql_change.kind AS kind,
    adsql_change.before AS before,
    adsql_change.after AS after,
    adsql_change.score AS score,
    adsql_change.confidence AS confidence
FROM (
    SELECT adsql_key, adsql_rows, unnest(adsql_changes) AS adsql_change
    FROM adsql_found
    WHERE adsql_place = 0
)
