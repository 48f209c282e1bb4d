SELECT c.relkind AS kind, pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(c.relname) AS relation
FROM (SELECT pg_catalog.to_regclass($1) AS found) AS asked
LEFT JOIN (pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace)
ON c.oid OPERATOR(pg_catalog.=) asked.found
