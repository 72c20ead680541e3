-- Merchants and their stores. Places are WGS-84; `position` is the same place on the unit sphere, because the straight
-- distance between two such points orders places exactly as the great-circle distance does, at the poles and across the
-- date line too, and a GiST index over it answers "the nearest" without a radius.
CREATE EXTENSION IF NOT EXISTS cube;

CREATE TABLE merchants (
    id         uuid PRIMARY KEY,
    code       text NOT NULL UNIQUE CHECK (char_length(code) BETWEEN 1 AND 64),
    name_zh    text NOT NULL CHECK (char_length(name_zh) BETWEEN 1 AND 120),
    name_en    text NOT NULL CHECK (char_length(name_en) BETWEEN 1 AND 120),
    kind       text NOT NULL CHECK (kind IN ('restaurant', 'grocer', 'pet_salon', 'furniture', 'group_leader', 'cafe')),
    created_at timestamptz NOT NULL
);

-- Pairs [start, end) of minutes of the week, Monday 00:00 = 0. An end past 10,080 wraps to Monday.
CREATE FUNCTION open_minutes_of(spans integer[]) RETURNS int4multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(range_agg(part), '{}'::int4multirange)
    FROM generate_series(1, coalesce(array_length(spans, 1), 0), 2) AS i
    CROSS JOIN LATERAL (VALUES
        (int4range(spans[i], least(spans[i + 1], 10080))),
        (CASE WHEN spans[i + 1] > 10080 THEN int4range(0, spans[i + 1] - 10080) END)
    ) AS parts (part)
    WHERE part IS NOT NULL
$$;

-- The pairs of neighbouring characters of a text: what a search for two or more Chinese characters can look up, in any
-- locale (trigrams need three characters, and a locale that knows them as letters).
CREATE FUNCTION grams_of(content text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(content, i, 2)), '{}')
    FROM generate_series(1, char_length(content) - 1) AS i
$$;

-- The minute of the week on a store's clock.
CREATE FUNCTION minute_of_week(moment timestamptz, zone text) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (extract(isodow FROM moment AT TIME ZONE zone)::integer - 1) * 1440
        + extract(hour FROM moment AT TIME ZONE zone)::integer * 60
        + extract(minute FROM moment AT TIME ZONE zone)::integer
$$;

CREATE TABLE stores (
    id               uuid PRIMARY KEY,
    merchant_id      uuid NOT NULL REFERENCES merchants (id),
    number           text NOT NULL CHECK (char_length(number) BETWEEN 1 AND 40),
    kind             text NOT NULL
        CHECK (kind IN ('restaurant', 'grocer', 'pet_salon', 'furniture', 'group_leader', 'cafe')),
    name_zh          text NOT NULL CHECK (char_length(name_zh) BETWEEN 1 AND 120),
    name_en          text NOT NULL CHECK (char_length(name_en) BETWEEN 1 AND 120),
    description_zh   text NOT NULL CHECK (char_length(description_zh) <= 1000),
    description_en   text NOT NULL CHECK (char_length(description_en) <= 1000),
    address          text NOT NULL CHECK (char_length(address) <= 300),
    city             text NOT NULL CHECK (char_length(city) BETWEEN 1 AND 60),
    province         text NOT NULL CHECK (char_length(province) BETWEEN 1 AND 60),
    postcode         text CHECK (char_length(postcode) BETWEEN 1 AND 12), -- null: not known
    phone            text CHECK (char_length(phone) BETWEEN 1 AND 30),    -- null: not published
    latitude         double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude        double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    source_latitude  double precision NOT NULL, -- as given, in `datum`
    source_longitude double precision NOT NULL,
    datum            text NOT NULL CHECK (datum IN ('WGS-84', 'GCJ-02', 'BD-09')),
    time_zone        text NOT NULL CHECK (char_length(time_zone) BETWEEN 1 AND 60),
    hours            integer[] NOT NULL CHECK (coalesce(array_length(hours, 1), 0) % 2 = 0),
    accepting_orders boolean NOT NULL,
    rating_sum       bigint NOT NULL DEFAULT 0 CHECK (rating_sum >= 0),
    rating_count     bigint NOT NULL DEFAULT 0 CHECK (rating_count >= 0),
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    open_minutes     int4multirange NOT NULL GENERATED ALWAYS AS (open_minutes_of(hours)) STORED,
    position         cube NOT NULL GENERATED ALWAYS AS (cube(ARRAY[
        cos(radians(latitude)) * cos(radians(longitude)),
        cos(radians(latitude)) * sin(radians(longitude)),
        sin(radians(latitude))])) STORED,
    search_text      text NOT NULL GENERATED ALWAYS AS (
        lower(name_zh || ' ' || name_en || ' ' || city || ' ' || address || ' ' || number)) STORED,
    UNIQUE (merchant_id, number)
) WITH (fillfactor = 85);
CREATE INDEX stores_by_position ON stores USING gist (position);
CREATE INDEX stores_by_city ON stores (city, id);
CREATE INDEX stores_by_gram ON stores USING gin (grams_of(search_text));
