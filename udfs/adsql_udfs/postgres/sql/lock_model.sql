-- Until the end of the transaction. Locks of two names may share a number, and then wait for each other in vain.
SELECT pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended(pg_catalog.concat('adsql.models ', current_user, ' ', $1), 0)
)
