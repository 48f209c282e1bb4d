-- A date or time that can be counted in microseconds, else NULL: not an infinite one. In a CASE, which keeps the planner from
-- casting constants that it is there to keep out; with a day to spare for the session's time zone.
CASE
    WHEN $time OPERATOR(pg_catalog.>=) '4714-11-25 BC'::pg_catalog.date
        AND $time OPERATOR(pg_catalog.<) '294247-01-09'::pg_catalog.date
        THEN $time
END
