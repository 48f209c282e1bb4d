-- What cannot be told where nothing is known to have happened.
NULL::BIGINT AS incidents,
    NULL::BIGINT AS detected,
    NULL::BIGINT AS missed,
    NULL::BIGINT AS false_alerts,
    NULL::INTERVAL AS delay
