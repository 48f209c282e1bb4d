-- Until the end of the transaction, so that the same alert is not installed by two sessions at once.
SELECT pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended(pg_catalog.concat('adsql.alerts ', current_user, ' ', $1), 0)
)
