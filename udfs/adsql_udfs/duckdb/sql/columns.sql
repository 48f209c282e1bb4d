-- No rows, of which the optimised plan has the source's columns as the fields of a struct: DuckDB cannot write plans of
-- files and DataFrames, and has no names above a UNION, DISTINCT or ORDER BY, but what has no rows it does not look into.
SELECT adsql_row
FROM (
$source
) AS adsql_row
WHERE false
