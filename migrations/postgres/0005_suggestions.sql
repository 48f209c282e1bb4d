-- A value that suggest_normal would change, or why it would change none.
CREATE TYPE adsql.suggestion AS (
    feature text, value text, suggested text, change double precision, status text
);
