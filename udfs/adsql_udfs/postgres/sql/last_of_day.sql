-- Of days as points in time the last one.
    $day::pg_catalog.date::pg_catalog.timestamp OPERATOR(pg_catalog.+) (
        INTERVAL '1 day' OPERATOR(pg_catalog.-) INTERVAL '1 microsecond'
    )
