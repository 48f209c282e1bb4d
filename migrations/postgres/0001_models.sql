-- Saved models: one row a version, never updated. `state` is an Arrow IPC stream whose SHA-256 is `content_hash`.
-- A model belongs to the role that trained it: every role has names of its own.
CREATE TABLE adsql.models (
    owner             name             NOT NULL DEFAULT current_user,
    name              text             NOT NULL CHECK (name <> ''),
    version           integer          NOT NULL CHECK (version >= 1),
    algorithm         text             NOT NULL,
    params            text             NOT NULL,
    columns           text[]           NOT NULL,
    segment_by        text[]           NOT NULL,
    n_segments        integer          NOT NULL,
    n_rows            bigint           NOT NULL,
    n_features        integer          NOT NULL,
    threshold         double precision,
    threshold_policy  text             NOT NULL,
    seed              bigint           NOT NULL,
    source            text             NOT NULL,
    library_versions  text             NOT NULL,
    content_hash      text             NOT NULL,
    state             bytea            NOT NULL,
    created_at        timestamptz      NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (owner, name, version)
);

-- Bytes of models are random numbers for the most part: compressing them costs time and saves nothing.
ALTER TABLE adsql.models ALTER COLUMN state SET STORAGE EXTERNAL;

-- Who else may use a model, all versions of it. 'public' is everyone who may use adsql.
CREATE TABLE adsql.model_shares (
    owner    name NOT NULL DEFAULT current_user,
    name     text NOT NULL,
    grantee  name NOT NULL,
    PRIMARY KEY (owner, name, grantee)
);

ALTER TABLE adsql.models ENABLE ROW LEVEL SECURITY;
ALTER TABLE adsql.model_shares ENABLE ROW LEVEL SECURITY;

-- Roles are compared by name, which survives a dump; a name whose role is gone matches no row of pg_roles.
CREATE POLICY own_shares ON adsql.model_shares USING (owner = current_user) WITH CHECK (owner = current_user);

CREATE POLICY shares_of_own_roles ON adsql.model_shares FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_roles AS r
        WHERE r.rolname = model_shares.owner AND pg_catalog.pg_has_role(current_user, r.oid, 'USAGE')
    )
);

CREATE POLICY shares_with_oneself ON adsql.model_shares FOR SELECT USING (
    grantee = 'public'
    OR EXISTS (
        SELECT FROM pg_catalog.pg_roles AS r
        WHERE r.rolname = model_shares.grantee AND pg_catalog.pg_has_role(current_user, r.oid, 'USAGE')
    )
);

CREATE POLICY own_models ON adsql.models USING (owner = current_user) WITH CHECK (owner = current_user);

-- Members of the owner may use a model; to drop it they become the owner by SET ROLE.
CREATE POLICY models_of_own_roles ON adsql.models FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_roles AS r
        WHERE r.rolname = models.owner AND pg_catalog.pg_has_role(current_user, r.oid, 'USAGE')
    )
);

-- Shares that the role cannot see do not count, by the policies above.
CREATE POLICY shared_models ON adsql.models FOR SELECT USING (
    EXISTS (
        SELECT FROM adsql.model_shares AS s
        WHERE s.owner = models.owner AND s.name = models.name
    )
);

DO $role$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'adsql_user') THEN
        CREATE ROLE adsql_user NOLOGIN;
    END IF;
END
$role$;

GRANT USAGE ON SCHEMA adsql TO adsql_user;
GRANT SELECT, INSERT, DELETE ON adsql.models, adsql.model_shares TO adsql_user;

-- pg_dump leaves out what belongs to an extension, except for these.
SELECT pg_catalog.pg_extension_config_dump('adsql.models', '');
SELECT pg_catalog.pg_extension_config_dump('adsql.model_shares', '');
