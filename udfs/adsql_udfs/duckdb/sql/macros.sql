-- The SQL contract. $schema is where the macros are created; $temporary is TEMP where nothing may be written.
-- $models is the table of models. $home is where model_handle is, which resolves a name to a model's handle.
-- A macro is bound when it is made, with all that it calls: model_handle gets its query last, or connecting would bind
-- that query four hundred times.
CREATE OR REPLACE $temporary MACRO $home.model_handle(model, version := NULL) AS
CAST(model AS VARCHAR);

CREATE OR REPLACE $temporary MACRO $schema.detect_anomalies(
    source,
    algorithm := NULL,
    columns := NULL,
    segment_by := NULL,
    contamination := NULL,
    params := NULL,
    seed := NULL,
    model := NULL,
    version := NULL,
    threshold := NULL,
    alert_budget := NULL,
    label_column := NULL,
    segment_shrinkage := NULL,
    alert_day := NULL
) AS TABLE
FROM query(
    __adsql_plan_detect(
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {
            'algorithm': algorithm,
            'columns': columns,
            'segment_by': segment_by,
            'contamination': contamination,
            'params': params,
            'seed': seed,
            'model': model,
            'version': version,
            'threshold': threshold,
            'alert_budget': alert_budget,
            'label_column': label_column,
            'segment_shrinkage': segment_shrinkage,
            'alert_day': alert_day
        },
        __adsql_instance(1),
        current_database()
    )
);

CREATE OR REPLACE $temporary MACRO $schema.detect_series_anomalies(
    source,
    time_column,
    value_columns,
    series := NULL,
    algorithm := NULL,
    season := NULL,
    sensitivity := NULL,
    contamination := NULL,
    alert_budget := NULL,
    direction := NULL,
    min_deviation := NULL,
    exclude := NULL,
    holidays := NULL,
    covariates := NULL,
    only_last_n := NULL,
    horizon := NULL,
    mode := NULL,
    params := NULL,
    seed := NULL
) AS TABLE
FROM query(
    __adsql_plan_series(
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {
            'exclude': json_serialize_plan(__adsql_columns(coalesce(exclude, source)), optimize := true),
            'holidays': json_serialize_plan(__adsql_columns(coalesce(holidays, source)), optimize := true),
            'source': json_serialize_plan(__adsql_columns(source), optimize := true)
        },
        time_column,
        value_columns,
        series,
        {
            'algorithm': algorithm,
            'season': season,
            'sensitivity': sensitivity,
            'contamination': contamination,
            'alert_budget': alert_budget,
            'direction': direction,
            'min_deviation': min_deviation,
            'exclude': exclude,
            'holidays': holidays,
            'covariates': covariates,
            'only_last_n': only_last_n,
            'horizon': horizon,
            'mode': mode,
            'params': params,
            'seed': seed
        }
    )
);

CREATE OR REPLACE $temporary MACRO $schema.anomaly_incidents(source, max_gap := NULL) AS TABLE
FROM query(
    __adsql_plan_incidents(source, json_serialize_plan(__adsql_columns(source), optimize := true), max_gap)
);

CREATE OR REPLACE $temporary MACRO $schema.detect_change_points(
    source,
    time_column,
    value_column,
    series := NULL,
    kind := NULL,
    season := NULL,
    sensitivity := NULL,
    exclude := NULL
) AS TABLE
FROM query(
    __adsql_plan_changes(
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {
            'exclude': json_serialize_plan(__adsql_columns(coalesce(exclude, source)), optimize := true),
            'source': json_serialize_plan(__adsql_columns(source), optimize := true)
        },
        time_column,
        value_column,
        series,
        {'kind': kind, 'season': season, 'sensitivity': sensitivity, 'exclude': exclude}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.backtest_series(
    source,
    time_column,
    value_columns,
    series := NULL,
    step := NULL,
    incidents := NULL,
    algorithm := NULL,
    season := NULL,
    sensitivity := NULL,
    direction := NULL,
    min_deviation := NULL,
    holidays := NULL,
    covariates := NULL,
    params := NULL,
    seed := NULL
) AS TABLE
FROM query(
    __adsql_plan_backtest(
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {
            'incidents': json_serialize_plan(__adsql_columns(coalesce(incidents, source)), optimize := true),
            'holidays': json_serialize_plan(__adsql_columns(coalesce(holidays, source)), optimize := true),
            'source': json_serialize_plan(__adsql_columns(source), optimize := true)
        },
        time_column,
        value_columns,
        series,
        step,
        incidents,
        {
            'algorithm': algorithm,
            'season': season,
            'sensitivity': sensitivity,
            'direction': direction,
            'min_deviation': min_deviation,
            'holidays': holidays,
            'covariates': covariates,
            'params': params,
            'seed': seed
        }
    )
);

CREATE OR REPLACE $temporary MACRO $schema.train_series_model(
    model,
    source,
    time_column,
    value_columns,
    series := NULL,
    algorithm := NULL,
    season := NULL,
    sensitivity := NULL,
    direction := NULL,
    min_deviation := NULL,
    exclude := NULL,
    holidays := NULL,
    params := NULL,
    seed := NULL
) AS TABLE
SELECT unnest(stored)
FROM query(
    __adsql_plan_train_series($series_training)
);

CREATE OR REPLACE $temporary MACRO $schema.train_series_model(
    model,
    source,
    time_column,
    value_columns,
    series := NULL,
    algorithm := NULL,
    season := NULL,
    sensitivity := NULL,
    direction := NULL,
    min_deviation := NULL,
    exclude := NULL,
    holidays := NULL,
    params := NULL,
    seed := NULL
) AS (
    SELECT stored
    FROM query(
        __adsql_plan_train_series($series_training)
    )
);

CREATE OR REPLACE $temporary MACRO $schema.score_series(model, source, version := NULL) AS TABLE
FROM query(
    __adsql_plan_score_series(
        model,
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {'version': version},
        __adsql_instance(1),
        current_database()
    )
);

CREATE OR REPLACE $temporary MACRO $schema.fit_model(
    model,
    source,
    algorithm := NULL,
    columns := NULL,
    segment_by := NULL,
    contamination := NULL,
    params := NULL,
    seed := NULL,
    threshold := NULL,
    alert_budget := NULL,
    label_column := NULL,
    segment_shrinkage := NULL,
    alert_day := NULL
) AS TABLE
FROM query(
    __adsql_plan_fit($training)
);

CREATE OR REPLACE $temporary MACRO $schema.train_model(
    model,
    source,
    algorithm := NULL,
    columns := NULL,
    segment_by := NULL,
    contamination := NULL,
    params := NULL,
    seed := NULL,
    threshold := NULL,
    alert_budget := NULL,
    label_column := NULL,
    segment_shrinkage := NULL,
    alert_day := NULL
) AS TABLE
SELECT unnest(stored)
FROM query(
    __adsql_plan_train($training)
);

CREATE OR REPLACE $temporary MACRO $schema.train_model(
    model,
    source,
    algorithm := NULL,
    columns := NULL,
    segment_by := NULL,
    contamination := NULL,
    params := NULL,
    seed := NULL,
    threshold := NULL,
    alert_budget := NULL,
    label_column := NULL,
    segment_shrinkage := NULL,
    alert_day := NULL
) AS (
    SELECT stored
    FROM query(
        __adsql_plan_train($training)
    )
);

CREATE OR REPLACE $temporary MACRO $schema.update_model(model, source, seed := NULL) AS TABLE
SELECT unnest(stored)
FROM query(
    __adsql_plan_update(
        model, source, json_serialize_plan(__adsql_source(source), optimize := true), {'seed': seed}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.update_model(model, source, seed := NULL) AS (
    SELECT stored
    FROM query(
        __adsql_plan_update(
            model, source, json_serialize_plan(__adsql_source(source), optimize := true), {'seed': seed}
        )
    )
);

CREATE OR REPLACE $temporary MACRO $schema.detect_anomalies (source) AS error($table_form),
$detect;

CREATE OR REPLACE $temporary MACRO $schema.anomaly_score $anomaly_score;

CREATE OR REPLACE $temporary MACRO $schema.severity $severity;

CREATE OR REPLACE $temporary MACRO $schema.is_anomaly $is_anomaly;

CREATE OR REPLACE $temporary MACRO $schema.consensus $consensus;

CREATE OR REPLACE $temporary MACRO $schema.explain_anomaly $explain_anomaly;

CREATE OR REPLACE $temporary MACRO $schema.suggest_normal $suggest_normal;

CREATE OR REPLACE $temporary MACRO $schema.explain_anomalies(
    source,
    model,
    top_k := 3,
    key := NULL,
    version := NULL
) AS TABLE
FROM query(
    __adsql_plan_explain(
        source,
        model,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {'top_k': top_k, 'key': key, 'version': version}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.models() AS TABLE
SELECT
    name,
    version,
    version = max(version) OVER (PARTITION BY name) AS is_newest,
    algorithm,
    n_rows,
    n_features,
    threshold,
    threshold_policy,
    segment_by,
    n_segments,
    source,
    created_at,
    content_hash
FROM $models
ORDER BY name, version;

CREATE OR REPLACE $temporary MACRO $schema.evaluate_model(model, source, label, k := NULL, version := NULL) AS TABLE
FROM query(
    __adsql_plan_evaluate(
        model,
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {'label': label, 'k': k, 'version': version}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.compare_models(models, source, label, k := NULL, versions := NULL) AS TABLE
FROM query(
    __adsql_plan_compare(
        models,
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {'label': label, 'k': k, 'versions': versions}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.threshold_report(model, source, version := NULL) AS TABLE
FROM query(
    __adsql_plan_thresholds(
        model, source, json_serialize_plan(__adsql_source(source), optimize := true), {'version': version}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.contrast_anomalies(source, flag, dimensions) AS TABLE
FROM query(
    __adsql_plan_contrast(
        source, json_serialize_plan(__adsql_source(source), optimize := true), flag, dimensions
    )
);

CREATE OR REPLACE $temporary MACRO $schema.profile_data(source) AS TABLE
FROM query(__adsql_plan_profile(source, json_serialize_plan(__adsql_source(source), optimize := true)));

CREATE OR REPLACE $temporary MACRO $schema.suggest_detectors(source) AS TABLE
FROM query(__adsql_plan_suggest(source, json_serialize_plan(__adsql_source(source), optimize := true)));

CREATE OR REPLACE $temporary MACRO $schema.model_stability(
    source,
    algorithm := NULL,
    columns := NULL,
    params := NULL,
    seed := NULL
) AS TABLE
FROM query(
    __adsql_plan_stability(
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {'algorithm': algorithm, 'columns': columns, 'params': params, 'seed': seed}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.detector_agreement(
    source,
    algorithms := NULL,
    columns := NULL,
    seed := NULL
) AS TABLE
FROM query(
    __adsql_plan_agreement(
        source,
        json_serialize_plan(__adsql_source(source), optimize := true),
        {'algorithms': algorithms, 'columns': columns, 'seed': seed}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.give_feedback(
    model,
    row,
    verdict,
    key := NULL,
    note := NULL,
    given_by := NULL
) AS
__adsql_give_feedback(
    __adsql_instance(1),
    current_database(),
    $home.model_handle(model),
    model,
    CAST(key AS VARCHAR),
-- Text is JSON already; to_json would make a JSON string of it.
    CASE WHEN typeof(row) = 'VARCHAR' THEN CAST(row AS VARCHAR) ELSE CAST(to_json(row) AS VARCHAR) END,
    verdict,
    note,
    given_by
);

CREATE OR REPLACE $temporary MACRO $schema.preview_feedback(model, source, version := NULL) AS TABLE
FROM query(
    __adsql_plan_preview_feedback(
        model, source, json_serialize_plan(__adsql_source(source), optimize := true), {'version': version}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.apply_feedback(model, source, version := NULL) AS TABLE
SELECT unnest(stored)
FROM query(
    __adsql_plan_apply_feedback(
        model, source, json_serialize_plan(__adsql_source(source), optimize := true), {'version': version}
    )
);

CREATE OR REPLACE $temporary MACRO $schema.apply_feedback(model, source, version := NULL) AS (
    SELECT stored
    FROM query(
        __adsql_plan_apply_feedback(
            model, source, json_serialize_plan(__adsql_source(source), optimize := true), {'version': version}
        )
    )
);

CREATE OR REPLACE $temporary MACRO $schema.check_drift(model, source, version := NULL) AS TABLE
FROM query(
    __adsql_plan_drift(model, source, json_serialize_plan(__adsql_source(source), optimize := true), version)
);

CREATE OR REPLACE $temporary MACRO $schema.model_info(model, version := NULL) AS TABLE
SELECT unnest(fact)
FROM (SELECT unnest(facts) AS fact FROM (SELECT __adsql_model_info($home.model_handle(model, version)) AS facts));

CREATE OR REPLACE $temporary MACRO $schema.model_sql(model, dialect := NULL, source := NULL, version := NULL) AS
__adsql_model_sql($home.model_handle(model, version), dialect, source);

CREATE OR REPLACE $temporary MACRO $schema.detectors() AS TABLE
SELECT unnest(detector)
FROM (SELECT unnest(__adsql_detectors(1)) AS detector);

CREATE OR REPLACE $temporary MACRO $schema.drop_model(model, version := NULL) AS
__adsql_drop(__adsql_instance(1), current_database(), model, version);

CREATE OR REPLACE $temporary MACRO $schema.export_model(model, version := NULL) AS
$exported;

CREATE OR REPLACE $temporary MACRO $schema.import_model(model, data) AS TABLE
WITH adsql_stored AS MATERIALIZED (
    SELECT __adsql_import_model(__adsql_instance(1), current_database(), model, data) AS stored
)
SELECT unnest(stored) FROM adsql_stored;

CREATE OR REPLACE $temporary MACRO $schema.import_model(model, data) AS
__adsql_import_model(__adsql_instance(1), current_database(), model, data);

CREATE OR REPLACE $temporary MACRO $home.model_handle(model, version := NULL) AS
$handle;
