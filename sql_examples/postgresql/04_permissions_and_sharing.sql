-- Roles: who may call adsql, whose a model is, and what a reader of a view needs. Run it as a superuser.
SET search_path = public, adsql;

CREATE ROLE ana;

CREATE ROLE ben;

CREATE TABLE trips AS
SELECT i AS id, 12 + 8 * sin(i) AS fare FROM generate_series(0, 999) AS i UNION ALL SELECT 1000, 950;

GRANT SELECT ON trips TO ana;

GRANT CREATE ON SCHEMA public TO ana;

-- Nobody may call adsql before this. Without the schema's name the error is that the function does not exist.
SET ROLE ana;

SELECT adsql.train_model('fares', 'trips');
--> error 42501

RESET ROLE;

GRANT adsql_user TO ana, ben;

SET ROLE ana;

SELECT version FROM train_model('fares', 'trips', algorithm => 'mad', columns => ARRAY['fare']);
--> 1

SELECT create_detection_view('scored_trips', 'trips', 'fares');
--> "scored_trips"

GRANT SELECT ON scored_trips TO ben;

-- Models are the role's own, and invisible to others.
SET ROLE ben;

SELECT count(*) FROM models();
--> 0

SELECT count(*) FROM scored_trips;
--> error ADSQL_UNKNOWN_MODEL

-- Functions read with the caller's rights: the table is not ben's to read.
SELECT count(*) FROM detect_anomalies('trips');
--> error 42501

SET ROLE ana;

SELECT share_model('fares', 'ben');

SET ROLE ben;

SELECT id FROM scored_trips WHERE is_anomaly;
--> 1000

SELECT name, owner FROM models();
--> fares | ana

-- To use is not to own.
SELECT drop_model('fares');
--> error ADSQL_UNKNOWN_MODEL

SET ROLE ana;

SELECT unshare_model('fares', 'ben');

SET ROLE ben;

SELECT count(*) FROM scored_trips;
--> error ADSQL_UNKNOWN_MODEL
