SELECT id FROM adsql_gateway.jobs WHERE finished_at < $1
