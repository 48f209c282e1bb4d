-- The newest version of a model and the hash of its content; no row if there is no model of the name.
SELECT version, content_hash
FROM adsql.models
WHERE name = $1
ORDER BY version DESC
LIMIT 1
