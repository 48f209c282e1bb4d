(
    SELECT list({'name': adsql_name, 'first': adsql_first, 'last': adsql_last})
    FROM adsql_holidays$same_series
)
