-- Lists, one a column; both databases unfold them side by side.
INSERT INTO adsql_gateway.audit (
    happened_at, request_id, user_id, username, tenant, credential, address, method, path, subject, status, code, row_count,
    duration_ms
)
SELECT
    unnest($1::TIMESTAMPTZ[]), unnest($2::TEXT[]), unnest($3::TEXT[]), unnest($4::TEXT[]), unnest($5::TEXT[]),
    unnest($6::TEXT[]), unnest($7::TEXT[]), unnest($8::TEXT[]), unnest($9::TEXT[]), unnest($10::TEXT[]),
    unnest($11::INTEGER[]), unnest($12::TEXT[]), unnest($13::BIGINT[]), unnest($14::DOUBLE PRECISION[])
