-- The same for each segment.
SELECT list({'key': adsql_key, 'n': n, 'rows': rows}) AS groups
FROM (
    SELECT adsql_key, count(*) AS n, min_by(adsql_row, adsql_hash, $rows) AS rows
    FROM (
        SELECT
            adsql_source AS adsql_row,
            __adsql_segment_key(adsql_source, $names) AS adsql_key,
            hash(row_number() OVER (), $seed) AS adsql_hash
        FROM adsql_source
    )
    GROUP BY adsql_key
    LIMIT $segments
)
