-- How what was told compares with what is known to have happened.
sum(incidents)::BIGINT AS incidents,
    sum(detected)::BIGINT AS detected,
    (sum(incidents) - sum(detected))::BIGINT AS missed,
    sum(false_alerts)::BIGINT AS false_alerts,
    avg(delay) AS delay
