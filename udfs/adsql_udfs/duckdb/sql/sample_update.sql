-- A sample of each of a saved model's segments, or of all rows where it has none.
SELECT list({'key': adsql_key, 'n': n, 'rows': rows}) AS groups
FROM (
    SELECT
        adsql_key,
        count(*) AS n,
        min_by(adsql_row, adsql_hash, CASE WHEN adsql_key = '' THEN $rows ELSE $segment_rows END) AS rows
    FROM (
        SELECT
            adsql_source AS adsql_row,
            __adsql_key_in(adsql_model.handle, adsql_source) AS adsql_key,
            hash(row_number() OVER (), $seed) AS adsql_hash
        FROM adsql_source, adsql_model
    )
    GROUP BY adsql_key
    LIMIT $segments
)
