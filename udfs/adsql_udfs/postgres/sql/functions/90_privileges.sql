-- Nobody but members of adsql_user may call anything.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA adsql FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA adsql TO adsql_user;
