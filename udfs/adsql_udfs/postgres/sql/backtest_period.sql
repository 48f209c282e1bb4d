-- Whole numbers are in the period that begins with them or below; % has the sign of what is divided.
    c.ts OPERATOR(pg_catalog.-) (c.ts OPERATOR(pg_catalog.%) $length) OPERATOR(pg_catalog.-) CASE
        WHEN (c.ts OPERATOR(pg_catalog.%) $length) OPERATOR(pg_catalog.<) 0 THEN $length
        ELSE 0
    END
