-- Nobody but members of adsql_user may call anything.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA adsql FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA adsql TO adsql_user;
-- These run for alerts only, with the rights of the extension's owner: nobody else may attach or call them.
REVOKE ALL ON FUNCTION
    adsql.__alert_trigger(), adsql.__alert_deleted(), adsql.__plan_alert(bigint, oid),
    adsql.__find_anomalies(bigint, double precision, text, bigint, bytea[])
FROM adsql_user;
