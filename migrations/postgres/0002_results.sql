-- What the functions over single rows return all at once.
CREATE TYPE adsql.detection AS (anomaly_score double precision, severity double precision, is_anomaly boolean);
CREATE TYPE adsql.agreement AS (consensus double precision, disagreement double precision, members jsonb);
