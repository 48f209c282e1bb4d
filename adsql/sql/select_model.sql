-- A version of a model, or the newest if none is asked for.
SELECT state, content_hash
FROM adsql.models
WHERE name = $1 AND version = coalesce($2, (SELECT max(version) FROM adsql.models WHERE name = $1))
