DELETE FROM adsql_gateway.jobs WHERE id = $1
