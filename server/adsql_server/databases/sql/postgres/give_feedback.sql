SELECT adsql.give_feedback(
    %(model)s::pg_catalog.text,
    %(row)s::pg_catalog.text,
    %(verdict)s::pg_catalog.text,
    key => %(key)s::pg_catalog.text,
    note => %(note)s::pg_catalog.text
) AS verdict
