-- The arguments of the planner of models of series.
model,
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
    'direction': direction,
    'min_deviation': min_deviation,
    'exclude': exclude,
    'holidays': holidays,
    'params': params,
    'seed': seed
}
