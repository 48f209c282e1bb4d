-- What is known to have happened, numbered.
SELECT row_number() OVER () AS number, $columns
FROM (
$source
)
