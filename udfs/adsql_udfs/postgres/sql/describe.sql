-- Types by name and base: a domain is what it is a domain of, at the end of the chain.
WITH RECURSIVE asked AS (
    SELECT DISTINCT a.type, a.modifier
    FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS a (type, modifier)
),
bases AS (
    SELECT a.type, a.modifier, a.type AS base, a.modifier AS base_modifier
    FROM asked AS a
    UNION ALL
    SELECT b.type, b.modifier, t.typbasetype, t.typtypmod
    FROM bases AS b
    JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) b.base
    WHERE t.typtype OPERATOR(pg_catalog.=) 'd'
)
SELECT b.type, b.modifier, b.base, b.base_modifier, t.typcategory AS category,
    pg_catalog.format_type(b.type, b.modifier) AS name
FROM bases AS b
JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) b.base
WHERE t.typtype OPERATOR(pg_catalog.<>) 'd'
