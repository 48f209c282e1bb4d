SELECT count(verdict)
FROM (
    SELECT adsql.give_feedback(
        $name,
        adsql_row,
        $verdict,
        key => CASE
            WHEN $key IS NOT NULL THEN coalesce(
                json_extract_string(to_json(adsql_row), $key),
                error(concat('a row has no value in its column ', $key))
            )
        END,
        note => $note
    ) AS verdict
    FROM query(__adsql_source($source)) AS adsql_row
)
