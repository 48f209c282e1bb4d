"""Pictures of series: values, what was expected, anomalies, and incidents. Needs the extra `plot`.

>>> import adsql
>>> from adsql.plot import read, write
>>> con = adsql.connect()
>>> table = con.sql('''FROM detect_series_anomalies(
...     'SELECT i AS t, if(i = 70, 9, hash(i) % 5) AS v FROM range(99) r(i)', 't', 'v')''').to_arrow_table()
>>> [(series.name, len(series.times), int(series.is_anomaly.sum())) for series in read(table)]
[('', 99, 1)]
"""

from adsql.plot.files import write
from adsql.plot.series import Incident, PlottedSeries, read

__all__ = ["Incident", "PlottedSeries", "read", "write"]
