SELECT * FROM query(__adsql_source($incidents))
