CREATE TABLE $name AS
$query
