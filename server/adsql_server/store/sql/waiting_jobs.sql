SELECT count(*) FROM adsql_gateway.jobs WHERE tenant = $1 AND state = 'queued'
