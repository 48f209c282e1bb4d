-- Run once, when the data volume is new, in the database POSTGRES_DB. Others need the same line.
CREATE EXTENSION adsql CASCADE;
