-- When did it become so? Changes that stay, of level, trend and variance.
CREATE TABLE signups AS
SELECT
    ['web', 'shop', 'phone'][channel] AS channel,
    DATE '2024-01-01' + day::INTEGER AS day,
    200 + (hash(day * 31 + channel) % 1000 + hash(day * 17 + channel) % 1000) / 100 * if(channel = 3 AND day >= 150, 4, 1)
        + if(channel = 1 AND day >= 100, 12, 0) + if(channel = 2 AND day >= 120, (day - 120) / 4, 0) AS n
FROM range(1, 4) AS s(channel), range(240) AS d(day);
--> 720

SELECT series, kind, abs(date_diff('day', DATE '2024-01-01', ts) - if(series = 'web', 100, if(series = 'shop', 120, 150))) < 10 AS near, after > before AS more
FROM detect_change_points('signups', 'day', 'n', series => 'channel')
WHERE kind <> 'level' OR series = 'web'
ORDER BY ALL;
--> phone | variance | True | True
--> shop | trend | True | True
--> web | level | True | True

-- One kind alone, and only what is very sure.
SELECT series, round(before) AS before, round(after) AS after
FROM detect_change_points('signups', 'day', 'n', series => 'channel', kind => 'level', sensitivity => 0.0001)
WHERE series = 'web';
--> web | 210.0 | 222.0

SELECT * FROM detect_change_points('signups', 'day', 'n', kind => 'mean');
--> error ADSQL_INVALID_OPTION
