-- The verdicts on a model, at most the newest $3, the oldest of them first; of several on one row the newest.
SELECT "row"::pg_catalog.text AS given, verdict
FROM (
    SELECT newest.*
    FROM (
        SELECT
            f.*,
            pg_catalog.row_number() OVER (
                PARTITION BY f.row_key, CASE WHEN f.row_key IS NULL THEN f."row" END
                ORDER BY f.given_at DESC, f.id DESC
            ) AS place
        FROM adsql.feedback AS f
        WHERE f.model_owner OPERATOR(pg_catalog.=) $1 AND f.model OPERATOR(pg_catalog.=) $2
    ) AS newest
    WHERE newest.place OPERATOR(pg_catalog.=) 1
    ORDER BY newest.given_at DESC, newest.id DESC
    LIMIT $3
) AS used
ORDER BY given_at, id
