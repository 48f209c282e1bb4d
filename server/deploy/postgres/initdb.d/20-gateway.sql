-- The role of the gateway, if it is given a password: it makes a role and a schema for each tenant, and is no superuser.
\getenv gateway_password ADSQL_GATEWAY_PASSWORD
\if :{?gateway_password}
CREATE ROLE adsql_gateway LOGIN CREATEROLE PASSWORD :'gateway_password';
SELECT format('GRANT CREATE ON DATABASE %I TO adsql_gateway', current_database()) \gexec
GRANT adsql_user TO adsql_gateway WITH ADMIN OPTION;
\endif
