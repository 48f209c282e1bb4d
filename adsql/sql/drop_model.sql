-- One version of a model, or all if none is given; returns what was dropped.
DELETE FROM adsql.models
WHERE name = $1 AND version = coalesce($2, version)
RETURNING version
