SELECT algorithm, summary, array_to_string(json_keys(parameters), ', ') AS parameters, cost
FROM adsql.detectors()
