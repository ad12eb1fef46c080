-- Where each subscription stands. A generation is never given twice: rows of another are others.
CREATE TABLE {schema}.subscriptions (
    name text COLLATE "C" NOT NULL,
    building boolean NOT NULL,
    definition text NOT NULL,
    position bigint NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (name, building)
);

-- A lease that was given back has no holder; its row stays, for the sake of its fence.
CREATE TABLE {schema}.leases (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    holder text,
    fence bigint NOT NULL,
    until timestamptz NOT NULL
);

CREATE TABLE {schema}.parked (
    subscription text COLLATE "C" NOT NULL,
    building boolean NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    event text NOT NULL,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL,
    is_to_resume boolean NOT NULL,
    PRIMARY KEY (subscription, building, stream)
);

CREATE TABLE {schema}.parking_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    action text COLLATE "C" NOT NULL,
    actor text,
    reason text NOT NULL,
    at timestamptz NOT NULL
);

CREATE INDEX ON {schema}.parking_log (subscription, id);
