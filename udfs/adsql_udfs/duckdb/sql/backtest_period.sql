-- Whole numbers are in the period that begins with them or below; % has the sign of what is divided.
CAST(ts AS BIGINT) - CAST(ts AS BIGINT) % $length - CASE WHEN CAST(ts AS BIGINT) % $length < 0 THEN $length ELSE 0 END
