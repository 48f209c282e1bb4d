-- The verdicts on a model, at most the newest $most; of several on one row the newest.
(
    SELECT list({'row': adsql_row, 'verdict': adsql_verdict} ORDER BY adsql_time, adsql_place)
    FROM (
        SELECT
            CAST(given."row" AS VARCHAR) AS adsql_row,
            given.verdict AS adsql_verdict,
            given.given_at AS adsql_time,
            given.rowid AS adsql_place
        FROM adsql.feedback AS given
        WHERE given.model = $name
        QUALIFY row_number() OVER (
            PARTITION BY given.row_key, CASE WHEN given.row_key IS NULL THEN CAST(given."row" AS VARCHAR) END
            ORDER BY given.given_at DESC, given.rowid DESC
        ) = 1
        ORDER BY given.given_at DESC, given.rowid DESC
        LIMIT $most
    )
)
