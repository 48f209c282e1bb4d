SELECT
    algorithm, aliases, summary, capability, score, cost, parameters, reference, incremental, explainable, exportable,
    max_rows
FROM adsql.detectors()
