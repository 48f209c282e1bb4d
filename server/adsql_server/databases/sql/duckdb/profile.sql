SELECT *
FROM adsql.profile_data($source)
