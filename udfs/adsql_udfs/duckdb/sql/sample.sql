-- A uniform sample that depends on the rows' order and the seed only, not on threads; in one pass with the count.
SELECT list({'key': '', 'n': n, 'rows': rows}) AS groups
FROM (
    SELECT count(*) AS n, min_by(adsql_row, adsql_hash, $rows) AS rows
    FROM (
        SELECT adsql_source AS adsql_row, hash(row_number() OVER (), $seed) AS adsql_hash
        FROM adsql_source
    )
)
