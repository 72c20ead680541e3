-- What a store's page shows has a version, so that whoever keeps a copy can ask cheaply whether it is still good.
-- Every statement that changes the store, its menu, its prices or its reviews counts the version up, once, at its end.
-- Stock is not counted here: reservations would queue for the store's one row. `StoreWindowVersion` reads it itself.

CREATE TABLE store_versions (
    store_id uuid PRIMARY KEY REFERENCES stores (id),
    version  bigint NOT NULL CHECK (version > 0) -- no row: 0, nothing was ever shown
) WITH (fillfactor = 50);

-- In the order of their ids, so that two imports of the same stores wait for each other instead of locking each other.
CREATE FUNCTION count_store_versions() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO store_versions AS v (store_id, version)
        SELECT DISTINCT c.store_id, 1
        FROM changed AS c
        ORDER BY c.store_id
        ON CONFLICT (store_id) DO UPDATE SET version = v.version + 1;
        RETURN NULL;
    END
$$;

CREATE FUNCTION count_versions_of_stores() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO store_versions AS v (store_id, version)
        SELECT c.id, 1
        FROM changed AS c
        ORDER BY c.id
        ON CONFLICT (store_id) DO UPDATE SET version = v.version + 1;
        RETURN NULL;
    END
$$;

CREATE TRIGGER stores_version AFTER UPDATE ON stores
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_versions_of_stores();

CREATE TRIGGER categories_version_insert AFTER INSERT ON categories
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
CREATE TRIGGER categories_version_update AFTER UPDATE ON categories
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
CREATE TRIGGER categories_version_delete AFTER DELETE ON categories
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();

CREATE TRIGGER items_version_insert AFTER INSERT ON items
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
CREATE TRIGGER items_version_update AFTER UPDATE ON items
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
CREATE TRIGGER items_version_delete AFTER DELETE ON items
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();

CREATE TRIGGER skus_version_insert AFTER INSERT ON skus
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
CREATE TRIGGER skus_version_update AFTER UPDATE ON skus
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
CREATE TRIGGER skus_version_delete AFTER DELETE ON skus
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();

CREATE TRIGGER reviews_version_insert AFTER INSERT ON reviews
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
CREATE TRIGGER reviews_version_update AFTER UPDATE ON reviews
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
CREATE TRIGGER reviews_version_delete AFTER DELETE ON reviews
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_store_versions();
